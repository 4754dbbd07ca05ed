import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Daemon

@Suite("Recordings") struct RecordingTests {
    static func wave(seconds: Int, declared: Int? = nil) -> [UInt8] {
        func word(_ n: Int) -> [UInt8] {
            [UInt8(n & 255), UInt8(n >> 8 & 255), UInt8(n >> 16 & 255), UInt8(n >> 24 & 255)]
        }
        let data = seconds * 16_000
        return Array("RIFF".utf8) + word(36 + (declared ?? data)) + Array("WAVEfmt ".utf8) + word(16) + [1, 0, 1, 0]
            + word(8000) + word(16_000) + [2, 0, 16, 0] + Array("data".utf8) + word(declared ?? data)
            + [UInt8](repeating: 0, count: data)
    }

    @Test(
        "length and audio bytes by format",
        arguments: [
            ("a.gsm", 3300, 3300, 2.0), ("a.ulaw", 8000, 8000, 1.0), ("a.alaw", 4000, 4000, 0.5),
            ("a.sln16", 32_000, 32_000, 1.0), ("a.g729", 1000, 1000, 1.0), ("a.g722", 8000, 8000, 1.0),
        ])
    func headerless(_ name: String, _ size: Int, _ audio: Int, _ seconds: Double) {
        let file = AudioFile(path: "/rec/\(name)", size: size, head: [])
        #expect(file.audioBytes == audio)
        #expect(file.length == .milliseconds(Int64(seconds * 1000)))
    }

    @Test("a wave file is measured by its header, also where nobody closed it", arguments: [nil, 0, 1 << 30])
    func waveFile(_ declared: Int?) {
        let bytes = RecordingTests.wave(seconds: 3, declared: declared)
        let file = AudioFile(path: "x.wav", size: bytes.count, head: Array(bytes.prefix(4096)))
        #expect(file.length == .seconds(3))
        #expect(file.audioBytes == 48_000)
        // format_wav.c writes the length as it closes the file, and not before.
        #expect(file.isWhole == (declared == nil))
    }

    @Test("WAV49 is GSM in RIFF: 1,625 bytes a second")
    func wav49() {
        // As format_wav_gsm.c writes it: format 49, 8,000 samples, 1,625 bytes a second, blocks of 65 bytes.
        let head: [UInt8] =
            Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WAVEfmt ".utf8) + [20, 0, 0, 0, 49, 0, 1, 0] + [
                0x40, 0x1F, 0, 0,
            ]
            + [0x59, 0x06, 0, 0] + [65, 0, 0, 0, 2, 0, 0x40, 0x01] + Array("fact".utf8) + [4, 0, 0, 0, 0, 0, 0, 0]
            + Array("data".utf8) + [0, 0, 0, 0]
        let file = AudioFile(path: "x.WAV", size: head.count + 3250, head: head)
        #expect(file.length == .seconds(2))
        // format_wav_gsm.c writes the length with every frame: it says nothing of the end.
        var growing = head
        growing[growing.count - 4] = 0xB2
        growing[growing.count - 3] = 0x0C
        #expect(!AudioFile(path: "x.WAV", size: head.count + 3250, head: growing).isWhole)
    }

    @Test("a file with a header and no audio is empty; one cut inside its header too", arguments: [44, 20, 0])
    func empty(_ size: Int) {
        let bytes = Array(RecordingTests.wave(seconds: 0).prefix(size))
        #expect(AudioFile(path: "x.wav", size: size, head: bytes).audioBytes == 0)
    }

    @Test("a recording is ready once it has stopped growing, and not before")
    func watch() {
        let start = Instant(seconds: 100)
        var watch = RecordingWatch(settle: .seconds(2), giveUp: .seconds(30), now: start)
        func look(_ after: Int64, _ size: Int) -> CallRecord.Recording.State? {
            watch.take(.file(size: size, audioBytes: size, isWhole: false), now: start + .seconds(after))
        }
        #expect(watch.take(.noFile, now: start) == nil)
        #expect(look(1, 100) == nil)
        #expect(look(2, 200) == nil)
        #expect(look(3, 200) == nil)
        #expect(look(4, 200) == .ready)
    }

    @Test("what never comes is missing after the time given; without its folder at once")
    func missing() {
        let start = Instant(seconds: 100)
        var watch = RecordingWatch(settle: .seconds(2), giveUp: .seconds(30), now: start)
        #expect(watch.take(.noFile, now: start + .seconds(29)) == nil)
        #expect(watch.take(.noFile, now: start + .seconds(30)) == .missing)
        #expect(watch.take(.noFolder, now: start) == .missing)
    }

    @Test("a day's folder that is not there yet is waited for below the folder of recordings, and nowhere else")
    func laterFolder() throws {
        let folder = try TestFolder()
        var settings = Configuration.Recordings()
        settings.mountedAt = "\(folder.path)/monitor"
        let path = settings.localPath("\(settings.directory)/2026/11/21/1.wav")
        #expect(path == "\(folder.path)/monitor/2026/11/21/1.wav")
        #expect(!settings.hasPlace(for: path))
        try FileManager.default.createDirectory(atPath: "\(folder.path)/monitor", withIntermediateDirectories: true)
        #expect(settings.hasPlace(for: path))
        #expect(!settings.hasPlace(for: settings.localPath("/elsewhere/monitor/1.wav")))
    }

    @Test("a file without audio is empty once it has stayed so")
    func staysEmpty() {
        let start = Instant(seconds: 100)
        var watch = RecordingWatch(settle: .seconds(2), giveUp: .seconds(30), now: start)
        let empty = RecordingWatch.Look.file(size: 44, audioBytes: 0, isWhole: false)
        #expect(watch.take(empty, now: start + .seconds(1)) == nil)
        #expect(watch.take(empty, now: start + .seconds(3)) == .empty)
    }

    @Test("a file that says itself that it is whole is ready at the first look")
    func whole() {
        var watch = RecordingWatch(settle: .seconds(2), giveUp: .seconds(30), now: Instant(seconds: 100))
        #expect(watch.take(.file(size: 364, audioBytes: 320, isWhole: true), now: Instant(seconds: 100)) == .ready)
    }

    /// A daemon that hears one recorded call, whose file holds `audio`; what was posted, the record, the lines of the calls log
    /// and how often the record was written.
    private func heard(
        _ audio: [UInt8], webhooks: Int, isOld: Bool = false
    ) throws -> (told: [JSONValue], record: JSONValue, lines: [String], path: String, isAmended: Bool) {
        let capture = "\(HookswitchTestKit.captures)/22/rec_dialplan/ami.ami"
        let bytes = try #require(try singleConnection(capture))
        let folder = try TestFolder()
        let text = String(decoding: bytes, as: UTF8.self)
        let path = String(try #require(text.firstMatch(of: /MIXMONITOR_FILENAME=(\S+\.wav)/)?.1))
        let recordings = path.split(separator: "/").dropLast().joined(separator: "/")
        let name = "monitor/\(path.split(separator: "/").last!)"
        try FileManager.default.createDirectory(atPath: "\(folder.path)/monitor", withIntermediateDirectories: true)
        try folder.write(name, audio)
        if isOld {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: "\(folder.path)/\(name)")
        }
        let sink = WebhookSink()
        defer { sink.stop() }
        let sections = """
            [recordings]
            directory = /\(recordings)
            mounted_at = \(folder.path)/monitor
            settle = 300ms
            [webhook:crm]
            url = \(sink.url)
            events = call.ended, call.complete, recording.ready
            """
        let told = try DaemonFixture.runWithManager(folder, sections: sections) { fixture, asterisk in
            _ = try await fixture.logged("calls in progress are known")
            // A look that a busy machine makes slow is not what is asked here.
            fixture.daemon.publisher?.patience = Patience.limit
            try await asterisk.emitBytes(bytes)
            try await fixture.wait("the webhooks") { sink.requests.count >= webhooks }
            return try sink.requests.map { try JSONValue(parsing: $0.body) }
        }
        return try EventLoop().run {
            let store = try CallStore(.init(folder: folder.state))
            let stored = try #require(try await store.query.calls(matching: .init()).first)
            #expect(try await store.openCalls().isEmpty)
            await store.close()
            let log = try String(contentsOfFile: "\(folder.path)/calls.jsonl", encoding: .utf8)
            return (
                told, try JSONValue(parsing: stored.recordJSON), log.split(separator: "\n").map(String.init), path,
                stored.amendedAt != nil
            )
        }
    }

    @Test("a recording that nobody closed settles when it grows no more: call.ended at hangup, call.complete then")
    func settles() throws {
        let (told, record, lines, path, isAmended) = try heard(
            RecordingTests.wave(seconds: 3, declared: 0), webhooks: 3)
        #expect(told.map { $0["type"]?.string } == ["call.ended", "recording.ready", "call.complete"])
        #expect(told[0]["data"]?["recordings"]?[0]?["state"]?.string == "pending")
        let ready = told[2]["data"]?["recordings"]?[0]
        #expect(ready?["state"]?.string == "ready")
        #expect(ready?["seconds"]?.double == 3)
        #expect(ready?["bytes"]?.integer == 48_044)
        #expect(told[2]["data"]?["recording_path"]?.string == path)
        #expect(record["recordings"]?[0]?["state"]?.string == "ready")
        #expect(isAmended)
        // One call, one line, as it is in the end.
        #expect(lines.count == 1)
        #expect(try JSONValue(parsing: Array(lines[0].utf8)) == record)
    }

    @Test("a recording that is closed by the time the call is told: the record is written once, as it stays")
    func settledAtOnce() throws {
        let (told, record, lines, _, isAmended) = try heard(RecordingTests.wave(seconds: 3), webhooks: 3)
        #expect(told.map { $0["type"]?.string } == ["call.ended", "recording.ready", "call.complete"])
        for event in told { #expect(event["data"]?["recordings"]?[0]?["state"]?.string == "ready") }
        #expect(told[0]["data"]?["recordings"]?[0]?["seconds"]?.double == 3)
        #expect(!isAmended)
        #expect(lines.count == 1)
        #expect(try JSONValue(parsing: Array(lines[0].utf8)) == record)
    }

    @Test("a whole file from before the call may be one that is added to: it is waited for")
    func olderFile() throws {
        let (told, _, lines, _, isAmended) = try heard(RecordingTests.wave(seconds: 3), webhooks: 3, isOld: true)
        #expect(told[0]["data"]?["recordings"]?[0]?["state"]?.string == "pending")
        #expect(told[1]["data"]?["recordings"]?[0]?["state"]?.string == "ready")
        #expect(isAmended)
        #expect(lines.count == 1)
    }
}
