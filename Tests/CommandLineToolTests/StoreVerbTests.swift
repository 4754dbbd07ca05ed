import Daemon
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

@testable import CommandLineTool

/// A folder with a store in it and a configuration that names it; removed at the end.
final class TestFolder {
    let path: String
    var configuration: String { "\(path)/hookswitch.conf" }

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "clt-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try write(
            configuration,
            "[general]\nstate_dir = \(path)/state\ncalls_log = \(path)/calls.jsonl\n[pbx:a]\nusername=u\nsecret=${NOT_SET_HERE}\n"
        )
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ path: String, _ text: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Puts calls with one message each into the store.
    func store(_ calls: [FinishedCall]) throws {
        let folder = "\(path)/state"
        try EventLoop().run {
            let store = try CallStore(.init(folder: folder))
            _ = try await store.commit(
                calls.map { call in
                    CallCommit(
                        call,
                        outbox: [
                            OutboxDraft(
                                messageID: "msg_\(call.record.linkedID)", endpoint: "crm", callID: call.record.id,
                                event: "call.complete", sequence: 0, contentType: "application/json", body: [123, 125],
                                dueAt: call.record.endedAt)
                        ])
                })
            await store.close()
        }
    }

    /// Runs the program as a shell would.
    func run(_ arguments: String...) -> (code: ExitCode, written: Written) { run(arguments) }
    /// The same with the words in a list.
    func run(_ arguments: [String]) -> (code: ExitCode, written: Written) {
        let written = Written()
        let program = Program(
            console: .memory(written),
            environment: ConfigurationEnvironment(
                variable: { _ in nil }, contents: ConfigurationEnvironment.process.contents))
        return (program.run(arguments + ["--config", configuration]), written)
    }
}

@Suite("Verbs that read the store") struct StoreVerbTests {
    private func folder() throws -> TestFolder {
        let folder = try TestFolder()
        var early = sampleCall()
        early.record.id = "pbx1-1795220000.0"
        early.record.linkedID = LinkedID("1795220000.0")
        early.record.uniqueID = UniqueID("1795220000.0")
        early.record.startedAt = instant("2026-11-20T02:00:00.000Z")
        early.record.disposition = .busy
        early.record.legs = []
        try folder.store([sampleCall(), early])
        return folder
    }

    @Test("calls are listed newest first, as a table and as the records themselves")
    func calls() throws {
        let folder = try folder()
        let table = folder.run("calls")
        #expect(table.code == .fine)
        let lines = table.written.text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].hasSuffix("1795226720.0"))
        let json = folder.run("calls", "--json").written.text.split(separator: "\n")
        #expect(
            try json.map { try JSONValue(parsing: String($0))["id"]?.string } == [
                "pbx1-1795226720.0", "pbx1-1795220000.0",
            ])
        #expect(json[0] == String(decoding: sampleCall().record.json, as: UTF8.self))
    }

    @Test(
        "options narrow the list",
        arguments: [
            (["--since", "2026-11-21"], 1), (["--disposition", "BUSY"], 1), (["--limit", "1"], 1),
            (["--agent", "Ana"], 2), (["--agent", "ANA"], 2), (["--agent", "1002"], 2), (["--agent", "100"], 0),
            (["--number", "09170000000"], 0), (["--number", "+639171234567"], 2), (["--number", "00639171234567"], 2),
            (["--number", "0917 123-4567"], 2), (["--number", "9171234567"], 2), (["--number", "1002"], 1),
            (["--number", "+63 (0)28555123"], 2), (["--number", "+6328555124"], 0), (["--number", "+6328555123"], 2),
            (["--number", "17"], 0),
            (["--until", "2026-11-20T12:00"], 1),
        ])
    func narrowed(_ options: [String], _ count: Int) throws {
        let folder = try folder()
        let written = Written()
        let program = Program(console: .memory(written), environment: .process)
        #expect(program.run(["calls", "--json", "--config", folder.configuration] + options) == .fine)
        #expect(written.text.split(separator: "\n").count == count)
    }

    @Test("a call is found by any id of it", arguments: ["1795226720.0", "1795226720.2", "pbx1-1795226720.0"])
    func show(_ id: String) throws {
        let shown = try folder().run("show", id)
        #expect(shown.code == .fine)
        #expect(shown.written.text.hasPrefix("pbx1-1795226720.0\n"))
        #expect(shown.written.text.contains("HangupRequest @9001"))
        #expect(shown.written.text.contains("call.complete → crm"))
    }

    @Test(
        "where two Asterisks gave one id, the list names calls by the record's id, and show says which others there are"
    )
    func sameIDTwice() throws {
        let folder = try TestFolder()
        var other = sampleCall()
        other.record.id = "pbx2-1795226720.0"
        other.record.system = "pbx2"
        other.record.startedAt = instant("2026-11-21T02:05:20.900Z")
        try folder.store([sampleCall(), other])
        let lines = folder.run("calls").written.text.split(separator: "\n")
        #expect(lines[0].hasSuffix("ID") && !lines[0].contains("LINKEDID"))
        #expect(lines[1].hasSuffix("pbx2-1795226720.0") && lines[2].hasSuffix("pbx1-1795226720.0"))
        let shown = folder.run("show", "1795226720.0")
        #expect(shown.code == .fine)
        #expect(shown.written.text.hasPrefix("pbx2-1795226720.0\n"))
        #expect(shown.written.complaints.contains("also pbx1-1795226720.0"))
        let exact = folder.run("show", "pbx1-1795226720.0")
        #expect(exact.written.text.hasPrefix("pbx1-1795226720.0\n"))
        #expect(exact.written.complaints.isEmpty)
    }

    @Test("an id nobody knows ends with 1 and says so")
    func unknown() throws {
        let shown = try folder().run("show", "1.2")
        #expect(shown.code == .found)
        #expect(shown.written.complaints.contains("no call has the id 1.2"))
    }

    @Test("the whole of a call as JSON")
    func showJSON() throws {
        let json = try JSONValue(
            parsing: folder().run("show", "1795226720.0", "--json").written.text.dropLast().description)
        #expect(json["record"]?["disposition"]?.string == "ANSWERED")
        #expect(json["evidence"]?[0]?["offset"]?.integer == 5120)
        #expect(json["deliveries"]?[0]?["state"]?.string == "ready")
    }

    @Test("retry without a daemon is done at once; what is not there is counted")
    func retry() throws {
        let folder = try folder()
        let known = folder.run("deliveries", "retry", "msg_1795226720.0")
        #expect(known.code == .fine)
        #expect(known.written.text == "1 of 1 due now\n")
        #expect(folder.run("deliveries", "retry", "msg_nope").code == .found)
    }

    @Test("dead letters are retried by endpoint and time; without either, or with ids beside them, nothing is")
    func retryDead() throws {
        let folder = try folder()
        #expect(
            folder.run("deliveries", "retry", "--endpoint", "crm", "--since", "2d").written.text
                == "0 dead letters will be sent again, 10 a second\n")
        #expect(folder.run("deliveries", "retry").code == .wrongUsage)
        #expect(folder.run("deliveries", "retry", "msg_1795226720.0", "--since", "2d").code == .wrongUsage)
        #expect(folder.run("deliveries", "retry", "--endpoint", "crn").code == .wrongUsage)
        let replayed = folder.run("deliveries", "replay", "--since", "2d", "--until", "1d", "--rate", "50")
        #expect(replayed.written.text == "0 will be sent again, 50 a second\n")
    }

    @Test(
        "an option that a form does not go by is refused: whoever asks to replay the dead ones does not want all of them sent",
        arguments: [
            (["--rate", "5"], "the list takes no --rate"),
            (["retry", "msg_1795226720.0", "--rate", "5"], "retry of ids takes no --rate"),
            (["retry", "msg_1795226720.0", "--state", "dead"], "retry of ids takes no --state"),
            (["retry", "--endpoint", "crm", "--limit", "1"], "retry takes no --limit"),
            (["retry", "--endpoint", "crm", "--state", "waiting"], "retry takes no --state"),
            (["replay", "--since", "2d", "--state", "dead"], "replay takes no --state"),
            (["replay", "--since", "2d", "--limit", "1"], "replay takes no --limit"),
            (["pause", "crm", "--until", "2h"], "pause takes no --until"),
            (["resume", "crm", "--endpoint", "crm"], "resume takes no --endpoint"),
        ])
    func optionOfAnotherForm(_ words: [String], _ problem: String) throws {
        let (code, written) = try folder().run(["deliveries"] + words)
        #expect(
            code == .wrongUsage && written.complaints.hasPrefix("hookswitch: \(problem)\n"), "\(written.complaints)")
    }

    @Test("an endpoint that was paused is shown so, and resumed")
    func pause() throws {
        let folder = try folder()
        #expect(folder.run("deliveries", "pause", "crm").written.text == "crm is paused\n")
        #expect(folder.run("deliveries", "resume", "crm").written.text == "crm is active\n")
    }

    @Test(
        "an endpoint nobody knows is wrong usage, not a new one",
        arguments: [["pause", "crn"], ["resume", "crn"], ["--endpoint", "crn"]])
    func unknownEndpoint(_ words: [String]) throws {
        let folder = try folder()
        try folder.write(
            folder.configuration,
            "[general]\nstate_dir = \(folder.path)/state\n[webhook:crm]\nurl = ${NOT_SET_HERE}\n")
        let (code, written) = folder.run(["deliveries"] + words)
        #expect(code == .wrongUsage && written.complaints.contains(#"no [webhook:crn]; did you mean "crm"?"#))
    }

    @Test("the list says which endpoints are held")
    func held() throws {
        let folder = try folder()
        _ = folder.run("deliveries", "pause", "crm")
        let list = folder.run("deliveries")
        #expect(list.written.text.split(separator: "\n").count == 3)
        #expect(list.written.complaints.contains("crm is paused"))
        #expect(folder.run("deliveries", "--json").written.complaints.isEmpty)
    }

    @Test("without a database the message says what to do")
    func missing() throws {
        let folder = try TestFolder()
        let result = folder.run("calls")
        #expect(result.code == .found)
        #expect(result.written.complaints.contains("start the daemon once"))
    }

    @Test("a configuration that is not there ends with 3")
    func noConfiguration() {
        let written = Written()
        let program = Program(console: .memory(written), environment: .process)
        #expect(program.run(["calls", "--config", "/nonexistent/hookswitch.conf"]) == .badConfiguration)
        #expect(written.complaints.contains("No such file or directory"))
    }

    @Test("backup copies the database to a file that was not there, and never over one")
    func backup() throws {
        let folder = try self.folder()
        let path = "\(folder.path)/copy/hookswitch.db"
        try FileManager.default.createDirectory(atPath: "\(folder.path)/copy", withIntermediateDirectories: true)
        let first = folder.run("backup", path)
        #expect(first.code == .fine)
        #expect(first.written.text.hasPrefix("\(path): "))
        let again = folder.run("backup", path)
        #expect(again.code == .found)
        #expect(again.written.complaints.contains("File exists"))
        try folder.write(folder.configuration, "[general]\nstate_dir = \(folder.path)/copy\n[pbx:a]\n")
        let calls = folder.run("calls", "--json").written.text
        #expect(calls.split(separator: "\n").count == 2)
    }

    @Test("backup where there is no database makes none: no copy of nothing, and no file that the daemon may not open")
    func backupOfNothing() throws {
        let folder = try TestFolder()
        let state = "\(folder.path)/state"
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let result = folder.run("backup", "\(folder.path)/copy.db")
        #expect(result.code == .found && result.written.text.isEmpty)
        #expect(result.written.complaints.contains("start the daemon once with this state_dir"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: state).isEmpty)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/copy.db"))
    }
}

@Suite("replay") struct ReplayVerbTests {
    @Test("a file without manager messages is told, and a missing one too")
    func noMessages() throws {
        let folder = try TestFolder()
        try folder.write("\(folder.path)/x.ami", "hello\n")
        let written = Written()
        let program = Program(console: .memory(written), environment: .process)
        #expect(program.run(["replay", "\(folder.path)/x.ami"]) == .found)
        #expect(written.complaints.contains("neither manager messages"))
        #expect(program.run(["replay", "\(folder.path)/none.ami"]) == .found)
        #expect(written.complaints.contains("No such file"))
    }

    @Test("the CEL and the CDR of the same calls, in either order, give one record each", arguments: [true, false])
    func pair(celFirst: Bool) throws {
        let folder = "\(HookswitchTestKit.captures)/22/xfer_blind_refer"
        let files = ["\(folder)/cel.csv", "\(folder)/cdr_Master.csv"]
        let written = Written()
        let program = Program(console: .memory(written), environment: .process)
        #expect(program.run(["replay"] + (celFirst ? files : files.reversed())) == .fine)
        let records = try written.text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(records.count == 1)
        #expect(records.first?["sources"]?.array?.compactMap(\.string) == ["cdr", "cel"])
    }

    @Test(
        "a stream and a log are read from a pipe, too, which gives its bytes once", arguments: ["ami.ami", "cel.csv"])
    func pipe(_ name: String) throws {
        let file = "\(HookswitchTestKit.captures)/22/in_answered_caller_hangs/\(name)"
        let bytes = try Data(contentsOf: URL(filePath: file))
        let folder = try TestFolder()
        let path = "\(folder.path)/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        // Waits until the program opens the other end.
        Thread.detachNewThread { try? FileHandle(forWritingTo: URL(filePath: path)).write(contentsOf: bytes) }
        let written = Written()
        #expect(Program(console: .memory(written), environment: .process).run(["replay", path]) == .fine)
        #expect(written.text.split(separator: "\n").count == 1)
    }
}
