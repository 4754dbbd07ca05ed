import AsteriskWire
import CallAssembly
import Foundation
import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import Daemon

/// Damaged files of the daemon's own: configuration, recordings, captures with their index, notes of calls.
@Suite("Damaged files") struct DaemonFuzzTests {
    @Test("a damaged configuration is read, or each of its mistakes says where and what is allowed")
    func configuration() throws {
        let shipped = try #require(readBytes("\(HookswitchTestKit.repository)/asterisk-conf/hookswitch.conf"))
        // The shipped file with its samples as settings.
        let whole = String(decoding: shipped, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(";") && $0.contains("=") ? $0.dropFirst() : $0 }.joined(separator: "\n")
        let mutator = Mutator(
            samples: [shipped, Array(whole.utf8)],
            words: [
                "[", "]", "[pbx:b]\n", "[webhook:w]\n", "=", "=>", ";", "\\;", "${", "}", "${HOME}", "#include x\n",
                "(!)",
                "ami = tls://[::1]:5039\n", "internal = _[1-5]XX.\n", "permit = 10.0.0.0/33\n", "\u{FEFF}", "\r\n",
                "deadline = ", "secret_file = /dev/null\n", "name = ",
            ])
        let environment = ConfigurationEnvironment(
            variable: { $0 == "HOME" || $0.hasSuffix("_SECRET") ? "x" : nil },
            contents: { $0 == "/dev/null" ? .success([]) : .success(Array("s\n".utf8)) })
        let outcome = Fuzz("configuration").run(mutator) { bytes, _ in
            let lines = bytes.count { $0 == 10 } + 1
            do throws(ConfigurationError) {
                _ = try Configuration(parsing: bytes, file: "f.conf", environment: environment)
            } catch {
                try require(!error.problems.isEmpty, "refused without a reason")
                for problem in error.problems {
                    try require((0...lines).contains(problem.line) && !problem.problem.isEmpty, "\(problem)")
                }
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test("a damaged recording is never longer than its bytes allow")
    func recordings() {
        func word(_ n: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: n >> (8 * $0)) } }
        func riff(_ chunks: [[UInt8]]) -> [UInt8] {
            Array("RIFF".utf8) + word(0) + Array("WAVE".utf8) + chunks.joined()
        }
        let pcm = Array("fmt ".utf8) + word(16) + [1, 0, 1, 0] + word(8000) + word(16_000) + [2, 0, 16, 0]
        let gsm =
            Array("fmt ".utf8) + word(20) + [49, 0, 1, 0] + word(8000) + word(1625) + [65, 0, 0, 0, 2, 0, 0x40, 1]
        let data = Array("data".utf8) + word(320) + [UInt8](repeating: 7, count: 320)
        let list = Array("LIST".utf8) + word(5) + [1, 2, 3, 4, 5, 0]
        let mutator = Mutator(
            samples: [
                riff([pcm, data]), riff([gsm, Array("fact".utf8) + word(4) + word(0), data]), riff([list, pcm, data]),
            ]
                + [[UInt8](repeating: 0xD0, count: 330)],
            words: ["RIFF", "WAVE", "fmt ", "data", "LIST", "\u{0}\u{0}\u{0}\u{0}"])
        let endings = ["wav", "WAV", "wav49", "gsm", "ulaw", "alaw", "sln16", "sln192", "g729", "g722", "raw", "", "x"]
        let outcome = Fuzz("recording").run(mutator) { bytes, random in
            let size = random.once(in: 2) ? bytes.count : random.below(1 << 40)
            let file = AudioFile(path: "/a/b.\(random.pick(endings))", size: size, head: Array(bytes.prefix(4096)))
            try require((0...size).contains(file.audioBytes), "\(file.audioBytes) bytes of audio in \(size)")
            if let length = file.length {
                try require(length >= .zero && length <= .seconds(size) + .seconds(1), "\(length) in \(size) bytes")
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test("a damaged index of a capture never leads out of it, and a masked capture keeps its length")
    func captures() throws {
        let folder = "\(HookswitchTestKit.captures)/22"
        let names = ["in_busy_486", "ami_drop_reconnect"]
        let indexes = try names.map { try #require(readBytes("\(folder)/\($0)/ami.ts")) }
        let stream = try #require(readBytes("\(folder)/in_busy_486/ami.ami"))
        let mutator = Mutator(
            samples: indexes.map { Array($0.prefix(2000)) },
            words: [
                "# conn 1 opened epoch=", "# conn 1 closed epoch=", "# connect 2 mono ", "# end ", " ", "epoch=.", "-5",
                ".",
            ])
        let outcome = Fuzz("capture-index").run(mutator) { bytes, random in
            let marks = CaptureReplay.marks(index: String(decoding: bytes, as: UTF8.self))
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            let part = Array(stream.prefix(random.below(6000)))
            _ = replay.run(part, marks: marks)
            var mask = StreamMask(key: 1)
            let masked = part.withUnsafeBytes { mask.feed($0) } + mask.finish()
            try require(masked.count == part.count, "masking changed the length")
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test("a masked stream has its length and its lines, whatever stands in it")
    func masks() throws {
        let stream = try #require(
            readBytes("\(HookswitchTestKit.captures)/22/name_unicode/ami.ami"))
        let mutator = Mutator(
            samples: [Array(stream.prefix(4000))],
            words: [
                "CallerIDName: ", "CallerIDNum: ", "\r\n", ":", "15551230001", "1795227460.0", "-0000001a", "\u{e9}",
            ])
        let outcome = Fuzz("mask").run(mutator) { bytes, random in
            var mask = StreamMask(key: 7)
            let cut = random.below(bytes.count + 1)
            var masked = Array(bytes[..<cut]).withUnsafeBytes { mask.feed($0) }
            masked += Array(bytes[cut...]).withUnsafeBytes { mask.feed($0) }
            masked += mask.finish()
            try require(masked.count == bytes.count, "the length changed")
            try require(zip(masked, bytes).allSatisfy { ($0 == 10) == ($1 == 10) }, "a line's end moved")
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test("a damaged note of a call is refused, or is a call that can be written")
    func notes() throws {
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let stream = try #require(readBytes("\(HookswitchTestKit.captures)/22/queue_answered/ami.ami"))
        let call = try #require(replay.run(stream).calls.first)
        let mutator = Mutator(
            samples: [call.noteBytes],
            words: [
                "\"times\":[", "null", "1e300", "9999-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "\"evidence\":", "-",
            ])
        let outcome = Fuzz("note").run(mutator) { bytes, _ in
            guard let call = FinishedCall(noteBytes: bytes) else { return }
            try require((try? JSONValue(parsing: call.noteBytes)) != nil, "its note cannot be read")
            try require(FinishedCall(noteBytes: call.noteBytes)?.record.json == call.record.json, "the call changed")
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test("damaged files of Asterisk's own are read as far as they go")
    func asteriskFiles() throws {
        let folder = try TestFolder()
        let mutator = Mutator(
            samples: [
                """
                [general](!)
                enabled = yes ; comment
                ;-- block
                x = y
                --;
                #include "other.conf"
                #include manager.d/*.conf
                [hookswitch](+)
                secret => a\\;b
                read = system,call
                """, "[a]\nb=c\n#include \"fuzzed.conf\"\n",
            ].map { Array($0.utf8) },
            words: [
                "[", "]", "(!)", ";--", "--;", "#include fuzzed.conf\n", "#include *\n", "#tryinclude \"", "=", "=>",
                ";",
            ])
        let outcome = Fuzz("asterisk-conf").run(mutator) { bytes, _ in
            try Data(bytes).write(to: URL(filePath: "\(folder.path)/fuzzed.conf"))
            let files = AsteriskFiles(folder: folder.path)
            let sections = files.sections("fuzzed.conf") ?? []
            // A file that includes itself is read ten times over, not for ever.
            let settings = sections.reduce(0) { $0 + $1.settings.count }
            try require(settings <= bytes.count * 2000, "\(settings) settings from \(bytes.count) bytes")
        }
        #expect(outcome.isClean, "\(outcome)")
    }
}
