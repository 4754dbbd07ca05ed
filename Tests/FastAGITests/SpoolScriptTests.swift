import AsteriskWire
import Foundation
import Telephony
import Testing

/// `agi-bin/hookswitch-spool` itself, run by the machine's `sh` as Asterisk would run it.
@Suite struct SpoolScriptTests {
    /// A spool of one test's own, removed with it.
    private final class Spool {
        let path: String
        init(_ name: String = "spool") throws {
            path = "\(NSTemporaryDirectory())/hookswitch-\(UUID().uuidString)/\(name)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }

        /// Everything in it, hidden files as well.
        var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
        func bytes(_ name: String) throws -> [UInt8] {
            Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
        }
        /// The only file.
        func only() throws -> [UInt8] {
            try #require(names.count == 1, "\(names)")
            return try bytes(names[0])
        }
    }

    private struct Outcome {
        var status: Int32
        var errors: String
    }

    private static var script: String {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/\(parts.joined(separator: "/"))/agi-bin/hookswitch-spool"
    }

    /// Starts the script; `keepOpen` leaves its standard input open after `input`, as a peer that never ends.
    private static func run(
        _ input: [UInt8], spool: String, files: Int? = nil, keepOpen: Bool = false
    ) async throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: script)
        process.currentDirectoryURL = URL(fileURLWithPath: NSTemporaryDirectory())
        process.environment = ["PATH": "/usr/bin:/bin", "HOOKSWITCH_SPOOL": spool]
        if let files { process.environment?["HOOKSWITCH_SPOOL_FILES"] = String(files) }
        let (stdin, stderr) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardError = stderr
        process.standardOutput = FileHandle.nullDevice
        let ended = AsyncStream<Int32>.makeStream()
        process.terminationHandler = {
            ended.continuation.yield($0.terminationStatus)
            ended.continuation.finish()
        }
        try process.run()
        // Less than a pipe holds, so this never waits for the script.
        try? stdin.fileHandleForWriting.write(contentsOf: Data(input))
        if !keepOpen { try? stdin.fileHandleForWriting.close() }
        var status: Int32 = -1
        for await code in ended.stream { status = code }
        if keepOpen { try? stdin.fileHandleForWriting.close() }
        let errors = String(decoding: stderr.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return Outcome(status: status, errors: errors)
    }

    private static func block(_ arguments: [String], callerID: String = "15551230001") -> [UInt8] {
        Array(FakeAsterisk.environment("hookswitch-spool", callerID: callerID, arguments: arguments).utf8)
    }

    @Test func aRequestBecomesOneFileThatTheDaemonCanRead() async throws {
        let spool = try Spool("with a blank")
        let before = Int64(Date().timeIntervalSince1970)
        let outcome = try await Self.run(
            Self.block(["call-complete?role=caller", "dialstatus=ANSWER", "ref_id=CRM%2042"]), spool: spool.path)
        let after = Int64(Date().timeIntervalSince1970)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
        let file = try SpoolFile(try spool.only())
        #expect((before...after).contains(file.receivedAt.seconds))
        let witness = try #require(file.witness)
        #expect(witness.uniqueID == UniqueID("1795227945.26"))
        #expect(witness.dialStatus == "ANSWER")
        #expect(witness.refID == "CRM 42")
        #expect(spool.names[0].hasSuffix(".agi"))
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(spool.path)/\(spool.names[0])")
        #expect((attributes[.posixPermissions] as? Int) == 0o640)
    }

    @Test func whatLooksLikeACommandIsOnlyCopied() async throws {
        let spool = try Spool()
        let nasty = "$(touch hacked) `touch hacked` ; touch hacked | cat %s%n \\n \"x' * ~ \u{1B}[31m"
        let outcome = try await Self.run(
            Self.block(["call-complete", "name=\(nasty)"], callerID: nasty), spool: spool.path)
        #expect(outcome.status == 0)
        let text = String(decoding: try spool.only(), as: UTF8.self)
        #expect(text.contains("agi_callerid: \(nasty)\n"))
        #expect(text.contains("agi_arg_2: name=\(nasty)\n"))
        #expect(!FileManager.default.fileExists(atPath: "\(spool.path)/hacked"))
        #expect(!FileManager.default.fileExists(atPath: "\(NSTemporaryDirectory())/hacked"))
    }

    @Test func bytesThatAreNotUTF8AndBlanksAtLineEndsAreKept() async throws {
        let spool = try Spool()
        var input = Array("agi_channel: SIP/1-1\nagi_uniqueid: 1.2\nagi_calleridname:   Jos".utf8)
        input += [0xE9, 0x20, 0x20, 0x0A] + Array("agi_arg_1: call-complete\n\n".utf8)
        #expect(try await Self.run(input, spool: spool.path).status == 0)
        let bytes = try spool.only()
        #expect(bytes.firstRange(of: [0x20, 0x20, 0x20, 0x4A, 0x6F, 0x73, 0xE9, 0x20, 0x20, 0x0A]) != nil)
        #expect(try SpoolFile(bytes).witness?.callerName == "  José  ")
    }

    @Test func tooMuchIsRefusedAndNothingIsLeft() async throws {
        let spool = try Spool()
        let manyLines = (1...161).map { "agi_arg_\($0): x\n" }.joined() + "\n"
        let longLine = "agi_arg_1: \(String(repeating: "x", count: 41_000))\n\n"
        for input in [manyLines, longLine, "", "\n"] {
            let outcome = try await Self.run(Array(input.utf8), spool: spool.path)
            #expect(outcome.status == 1)
            #expect(outcome.errors.hasPrefix("hookswitch-spool: "))
            #expect(spool.names.isEmpty)
        }
    }

    @Test func aFullOrMissingSpoolIsToldAndRefused() async throws {
        let spool = try Spool()
        for n in 1...2 {
            #expect(try await Self.run(Self.block(["call-complete"]), spool: spool.path, files: 3).status == 0)
            #expect(spool.names.count == n)
        }
        let full = try await Self.run(Self.block(["call-complete"]), spool: spool.path, files: 2)
        #expect(full.status == 1)
        #expect(full.errors.contains("is full"))
        #expect(spool.names.count == 2)
        let missing = try await Self.run(Self.block(["call-complete"]), spool: "\(spool.path)/none")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("no folder"))
    }

    @Test func aPeerThatNeverEndsItsEnvironmentIsLeft() async throws {
        let spool = try Spool()
        // That it ends at all is the proof: its peer stays open for ever.
        let outcome = try await Self.run(Array("agi_channel: SIP/1-1\n".utf8), spool: spool.path, keepOpen: true)
        #expect(outcome.status != 0)
        #expect(spool.names.allSatisfy { !$0.hasSuffix(".agi") })
    }

    @Test func manyAtOnceAreManyFiles() async throws {
        let spool = try Spool()
        let path = spool.path
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<12 {
                group.addTask { try await Self.run(Self.block(["call-complete"]), spool: path).status }
            }
            for try await status in group { #expect(status == 0) }
        }
        #expect(spool.names.count == 12)
        for name in spool.names { #expect(try SpoolFile(try spool.bytes(name)).witness != nil) }
    }
}
