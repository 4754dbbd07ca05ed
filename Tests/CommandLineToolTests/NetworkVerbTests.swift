import AsteriskWire
import CallAssembly
import Daemon
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

@testable import CommandLineTool

@Suite("test-webhook, capture and backfill") struct NetworkVerbTests {
    private func folder(_ sections: String) throws -> TestFolder {
        let folder = try TestFolder()
        try folder.write(
            folder.configuration,
            "[general]\nname = pbx1\nstate_dir = \(folder.path)/state\ncalls_log = \(folder.path)/calls.jsonl\n[pbx:a]\nusername=u\nsecret=s\n\(sections)\n"
        )
        return folder
    }

    @Test("test-webhook sends one signed sample and shows request and answer; 2xx ends with 0")
    func delivered() throws {
        let sink = WebhookSink { _ in .status(201, body: "{\"thanks\":1}") }
        defer { sink.stop() }
        let folder = try folder(
            "[webhook:crm]\nurl = \(sink.url)\nsecret = whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
                + "header.Authorization = Bearer t0p-secret\n")
        let result = folder.run("test-webhook", "crm")
        #expect(result.code == .fine)
        #expect(result.written.text.contains("< 201 after"))
        #expect(result.written.text.contains(#"{"thanks":1}"#))
        #expect(!result.written.text.contains("t0p-secret"))
        let request = try #require(sink.requests.first)
        #expect(request.headers["webhook-signature"]?.hasPrefix("v1,") == true)
        #expect(request.headers["authorization"] == "Bearer t0p-secret")
        let body = try JSONValue(parsing: request.body)
        #expect(body["type"]?.string == "call.complete")
        #expect(body["data"]?["notes"]?[0]?.string?.contains("sample") == true)
    }

    @Test(
        "a token endpoint that gives no token is not an answer of the receiver, whatever its status",
        arguments: [200, 400])
    func withoutToken(_ status: Int) throws {
        let sink = WebhookSink { _ in .status(status) }
        defer { sink.stop() }
        let folder = try folder(
            "[webhook:crm]\nurl = \(sink.url)\noauth2_token_url = \(sink.url)\noauth2_client_id = i\n"
                + "oauth2_client_secret = s\n")
        let result = folder.run("test-webhook", "crm")
        #expect(result.code == .found)
        #expect(result.written.text.contains("check the oauth2_ keys"))
        #expect(sink.requests.count == 1)
    }

    @Test("an answer that is not 2xx, or none, ends with 1 and says why")
    func failed() throws {
        let sink = WebhookSink { _ in .status(401) }
        let folder = try folder("[webhook:crm]\nurl = \(sink.url)\n")
        let refused = folder.run("test-webhook")
        #expect(refused.code == .found)
        #expect(refused.written.text.contains("< 401 after"))
        sink.stop()
        let silent = folder.run("test-webhook")
        #expect(silent.code == .found)
        #expect(silent.written.text.contains("connection_refused"))
    }

    @Test("an endpoint that is not configured is wrong usage with the nearest name")
    func unknownEndpoint() throws {
        let folder = try folder("[webhook:crm]\nurl = http://127.0.0.1:9/\n")
        let result = folder.run("test-webhook", "crmm")
        #expect(result.code == .wrongUsage)
        #expect(result.written.complaints.contains(#"did you mean "crm"?"#))
    }

    @Test("calls of a CDR file are added once, however often it is read")
    func backfill() throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        let folder = try folder("[webhook:crm]\nurl = \(sink.url)\n")
        let csv = "\(HookswitchTestKit.captures)/22/in_answered_caller_hangs/cdr_Master.csv"
        let first = folder.run("backfill", "--cdr", csv)
        #expect(first.code == .fine, "\(first.written.complaints)")
        #expect(first.written.text == "1 calls added, 0 were known\n")
        #expect(folder.run("backfill", "--cdr", csv).written.text == "0 calls added, 1 were known\n")
        #expect(
            try String(contentsOfFile: "\(folder.path)/calls.jsonl", encoding: .utf8)
                == folder.run("calls", "--json").written.text)
        let shown = folder.run("calls", "--json").written.text
        #expect(try JSONValue(parsing: String(shown.dropLast()))["disposition"]?.string == "ANSWERED")
        #expect(folder.run("deliveries", "--json").written.text.split(separator: "\n").count == 1)
    }

    @Test("beside a daemon that has the store, backfill says how many of the calls it will add")
    func backfillBesideADaemon() async throws {
        let folder = try folder("[webhook:crm]\nurl = http://127.0.0.1:9/\n")
        let captures = "\(HookswitchTestKit.captures)/22"
        let known = "\(captures)/in_answered_caller_hangs/cdr_Master.csv"
        #expect(folder.run("backfill", "--cdr", known).code == .fine)
        let store = try CallStore(.init(folder: "\(folder.path)/state"))
        #expect(
            folder.run("backfill", "--cdr", known).written.text
                == "1 calls given to the running daemon: 0 to be added, 1 are known\n")
        try FileManager.default.removeItem(atPath: "\(folder.path)/state/backfill.jsonl")
        let missed = "\(captures)/in_busy_486/cdr_Master.csv"
        #expect(
            folder.run("backfill", "--cdr", missed).written.text
                == "1 calls given to the running daemon: 1 to be added, 0 are known\n")
        await store.close()
    }

    @Test("a call that may go on is left for later; one that Asterisk was killed under, or is days old, is told")
    func backfillOfCallsInProgress() throws {
        let folder = try folder("")
        let cel = "\(folder.path)/cel.csv"
        let rows = try String(
            contentsOfFile: "\(HookswitchTestKit.captures)/22/crash_kill9/cel.csv", encoding: .utf8)
        let left = "1 calls left: the CEL has no end of them, they may go on; run backfill again later\n"
        try folder.write(cel, rows)
        #expect(folder.run("backfill", "--cel", cel).written.text == "0 calls added, 0 were known\n" + left)
        // Asterisk begins to count its channels anew: that call is no more, the next one has just begun.
        let next =
            #""CHAN_START","2026-11-21 09:59:59.1","","15551230002","","","5001","from-trunk","PJSIP/trunk-00000000","","","","1795255199.0","1795255199.0","","","""#
        try folder.write(cel, rows + next + "\n")
        #expect(folder.run("backfill", "--cel", cel).written.text == "1 calls added, 0 were known\n" + left)
        let older = rows.replacing("2026-11-21", with: "2026-11-19").replacing("1795227903", with: "1795055103")
        try folder.write(cel, older)
        #expect(folder.run("backfill", "--cel", cel).written.text == "1 calls added, 0 were known\n")
    }

    @Test("capture of an Asterisk that is not configured is wrong usage with those that are")
    func unknownPBX() throws {
        let folder = try folder("")
        let result = folder.run("capture", "\(folder.path)/x.ami", "--pbx", "main")
        #expect(
            result.code == .wrongUsage && result.written.complaints.hasPrefix("hookswitch: no [pbx:main]; allowed: a\n")
        )
    }

    @Test("without a file backfill is wrong usage; one that is not there ends with 1")
    func backfillWithout() throws {
        let folder = try folder("")
        #expect(folder.run("backfill").code == .wrongUsage)
        #expect(folder.run("backfill", "--cdr", "/none.csv").code == .found)
    }

    @Test("with several Asterisks backfill tells by option, section or system name whose calls they are, and else asks")
    func backfillOfSeveral() throws {
        let folder = try TestFolder()
        let row = "2026-03-02 09:00:00,100,200,SIP/a-1,SIP/b-2,9,7,ANSWERED"
        let header = "calldate,src,dst,channel,dstchannel,duration,billsec,disposition,uniqueid\n"
        let (plain, named) = ("\(folder.path)/plain.csv", "\(folder.path)/named.csv")
        try folder.write(plain, header + row + ",1772442000.4\n")
        try folder.write(named, header + row + ",south-1772442000.4\n")
        let pbx = "ami=tcp://127.0.0.1:1\nusername=u\nsecret=s\n"
        let general = "[general]\nstate_dir = \(folder.path)/state\ncalls_log = none\n"
        try folder.write(folder.configuration, general + "[pbx:north]\n\(pbx)[pbx:south]\n\(pbx)")
        func systems() throws -> [String] {
            try folder.run("calls", "--json").written.text.split(separator: "\n")
                .compactMap { try JSONValue(parsing: String($0))["system"]?.string }.sorted()
        }
        let asked = folder.run("backfill", "--cdr", plain)
        #expect(asked.code == .wrongUsage && asked.written.complaints.contains("--pbx NAME"))
        #expect(folder.run("backfill", "--cdr", plain, "--pbx", "nroth").written.complaints.contains("north, south"))
        #expect(
            folder.run("backfill", "--cdr", plain, "--pbx", "north").written.text == "1 calls added, 0 were known\n")
        #expect(folder.run("backfill", "--cdr", named).written.text == "1 calls added, 0 were known\n")
        #expect(try systems() == ["north", "south"])
        try folder.write(
            folder.configuration, general + "[pbx:north]\n\(pbx)[pbx:south]\n\(pbx)cdr = \(plain)\n")
        #expect(folder.run("backfill").written.text == "1 calls added, 0 were known\n")
        #expect(folder.run("backfill").written.text == "0 calls added, 1 were known\n")
        #expect(try systems() == ["north", "south", "south"])
    }

    @Test("a capture holds the stream and its times, and replays")
    func capture() throws {
        let folder = try TestFolder()
        let (loop, ready) = (try EventLoop(), Signal())
        let port = Port()
        let thread = Thread {
            try? loop.run {
                let asterisk = try ScriptedAsterisk(on: loop)
                port.set(asterisk.port)
                await ready.wait()
                asterisk.close()
            }
        }
        thread.start()
        try folder.write(
            folder.configuration,
            "[general]\nname = pbx1\n[pbx:a]\nami=tcp://127.0.0.1:\(port.wait())\nusername=hookswitch\nsecret=secret\n")
        let file = "\(folder.path)/x.ami"
        // Long enough for a login on a machine that has much else to do.
        let result = folder.run("capture", file, "--for", "5s")
        ready.send()
        #expect(result.code == .fine, "\(result.written.complaints)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.hasPrefix("Asterisk Call Manager/11.0.0\r\n"))
        #expect(text.contains("Event: FullyBooted\r\n"))
        let marks = CaptureReplay.marks(index: try String(contentsOfFile: file + ".ts", encoding: .utf8))
        #expect(marks.first?.kind == .opened)
        #expect(marks.last?.kind == .closed)
        #expect(folder.run("capture", file, "--for", "1s").code == .found, "never over an older capture")
    }

    @Test("a capture of which no byte came leaves no file that would refuse the next try")
    func captureOfNothing() throws {
        let port = ClosedPort()
        let folder = try folder("ami = tcp://127.0.0.1:\(port.number)")
        let result = folder.run("capture", "\(folder.path)/x.ami", "--for", "1s")
        withExtendedLifetime(port) {}
        #expect(result.code == .found && result.written.complaints.contains("no byte came"))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left.filter { $0.hasPrefix("x.ami") }.isEmpty)
    }
}

/// A port number made on another thread.
final class Port: Sendable {
    private let value = Signal()
    private let box = Box()
    private final class Box: @unchecked Sendable { var port: UInt16 = 0 }
    func set(_ port: UInt16) {
        box.port = port
        value.send()
    }
    func wait() -> UInt16 {
        value.block()
        return box.port
    }
}

/// Something that happens once and is waited for, by a task or by a thread.
final class Signal: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    func send() {
        semaphore.signal()
        continuation.yield()
        continuation.finish()
    }
    func wait() async { for await _ in stream { return } }
    func block() { semaphore.wait() }
}

@Suite("StreamMask") struct StreamMaskTests {
    private func masked(_ bytes: [UInt8], cut: Int = .max) -> [UInt8] {
        var mask = StreamMask(key: 4711)
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, cut == .max ? bytes.count : at + cut)
            out += Array(bytes[at..<end]).withUnsafeBytes { mask.feed($0) }
            at = end
        }
        return out + mask.finish()
    }

    @Test("keys that were pressed become 0, in DTMF events and in CEL")
    func keys() {
        let text =
            "Event: DTMFEnd\r\nDigit: 7\r\nDurationMs: 120\r\n\r\nEventName: DTMF\r\nExtra: {\"digit\":\"7\"}\r\n\r\n"
        let hidden = text.replacing("Digit: 7", with: "Digit: 0").replacing("\"7\"", with: "\"0\"")
        #expect(String(decoding: masked(Array(text.utf8)), as: UTF8.self) == hidden)
    }

    @Test("numbers and names are replaced everywhere by the same, and nothing else changes")
    func values() {
        let text = """
            Event: Newchannel\r
            Timestamp: 1795226720.123456\r
            Channel: Local/639171234567@out-00000001;1\r
            CallerIDNum: 639171234567\r
            CallerIDName: Juan dela Cruz\r
            ConnectedLineName: <unknown>\r
            Exten: 5001\r
            Uniqueid: 1795226720.12\r
            ChanVariable: MIXMONITOR_FILENAME=/rec/639171234567-1795226720.12.wav\r
            \r

            """
        let out = String(decoding: masked(Array(text.utf8)), as: UTF8.self)
        #expect(!out.contains("639171234567"))
        #expect(!out.contains("Juan"))
        #expect(out.utf8.count == text.utf8.count)
        for kept in ["1795226720.123456", "out-00000001;1", "Exten: 5001", "Uniqueid: 1795226720.12\r", "<unknown>"] {
            #expect(out.contains(kept), "\(kept)")
        }
        let number = out.firstMatch(of: /CallerIDNum: (\d+)/)?.1 ?? ""
        #expect(number.count == 12)
        #expect(out.contains("Local/\(number)@out"))
        #expect(out.contains("/rec/\(number)-1795226720.12.wav"))
    }

    @Test("a name is replaced where text is free, too, and where a CDR has it")
    func freeText() {
        let text = """
            Event: Newchannel\r
            CallerIDName: Zoë Müller\r
            ChanVariable: who=Zoë Müller, VIP\r
            \r
            Event: Newexten\r
            Context: Zoë Müller\r
            AppData: CALLERID(name)=Zoë Müller\r
            \r
            Event: Cdr\r
            CallerID: "Zoë Müller" <639171234567>\r
            \r

            """
        let out = String(decoding: masked(Array(text.utf8)), as: UTF8.self)
        let name = out.firstMatch(of: /CallerIDName: ([a-zA-Z ]+)/)?.1 ?? ""
        #expect(name.utf8.count == "Zoë Müller".utf8.count && name != "Zoë Müller")
        #expect(out.contains("who=\(name), VIP") && out.contains("(name)=\(name)"))
        #expect(out.contains("CallerID: \"\(name)\" <") && !out.contains("<639171234567>"))
        // A context is no free text: were it changed, the dialplan could not be recognised any more.
        #expect(out.contains("Context: Zoë Müller"))
    }

    @Test("the same bytes come out however the stream is cut", arguments: [1, 2, 7, 100])
    func cuts(_ cut: Int) throws {
        let path = "\(HookswitchTestKit.captures)/22/xfer_att_refer/ami.ami"
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        #expect(masked(bytes, cut: cut) == masked(bytes))
    }

    @Test(
        "a masked capture tells the same story",
        arguments: ["in_answered_caller_hangs", "xfer_att_refer", "queue_answered"])
    func replays(_ name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(HookswitchTestKit.captures)/22/\(name)/ami.ami")))
        func story(_ bytes: [UInt8]) -> [String] {
            var replay = CaptureReplay(.init(system: "x"))
            return replay.run(bytes).calls.map {
                "\($0.record.disposition) \($0.record.startedAt) \($0.record.talk) \($0.record.legs.count) \($0.record.transfers.count)"
            }
        }
        #expect(story(masked(bytes)) == story(bytes))
        #expect(!String(decoding: masked(bytes), as: UTF8.self).contains("15551230001"))
    }

    @Test(
        "nobody's name is left in a masked capture",
        arguments: ["name_unicode", "name_quotes", "vars_lead", "queue_answered"])
    func namesAreGone(_ name: String) throws {
        for version in ["16", "22"] {
            let path = "\(HookswitchTestKit.captures)/\(version)/\(name)/ami.ami"
            let text = String(decoding: masked([UInt8](try Data(contentsOf: URL(filePath: path)))), as: UTF8.self)
            for word in ["Alice", "Müller", "山田", "O'Neil", "Neil", "15551230001"] {
                #expect(!text.contains(word), "\(word)")
            }
        }
    }
}
