import Daemon
import Foundation
import Telephony

@testable import CallAssembly

/// One recorded scenario: the stream, its index, and the facts a person stated.
struct Capture: CustomStringConvertible, Sendable {
    let version: String
    let name: String
    let folder: URL
    var description: String { "\(name) on \(version)" }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "HookswitchTestKit/Captures")

    static let all: [Capture] = ["16", "22"].flatMap { version in
        let folder = root.appending(path: version)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().map { Capture(version: version, name: $0, folder: folder.appending(path: $0)) }
    }

    func bytes(_ file: String) -> [UInt8] { [UInt8]((try? Data(contentsOf: folder.appending(path: file))) ?? Data()) }
    func text(_ file: String) -> String { String(decoding: bytes(file), as: UTF8.self) }
    var stream: [UInt8] { bytes("ami.ami") }
    var marks: [CaptureReplay.Mark] { CaptureReplay.marks(index: text("ami.ts")) }
    var expected: JSONValue { get throws { try JSONValue(parsing: bytes("expected.json")) } }

    func replay(withIndex: Bool = true) -> CaptureReplay.Summary {
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        return replay.run(stream, marks: withIndex ? marks : [])
    }
}

/// Compares a record with facts stated by hand; answers with what differs, in words.
struct StatedFacts {
    let facts: JSONValue

    var tolerance: Double { facts["tolerance"]?.double ?? 1 }

    func differences(_ record: CallRecord) -> [String] {
        var found: [String] = []
        for (key, wanted) in facts.object ?? [] {
            switch key {
            case "tolerance", "transfer_kind", "note": continue
            case "caller": compare(key, wanted, .text(record.caller.number), &found)
            case "callee": compare(key, wanted, .text(record.callee.number), &found)
            case "caller_name": compare(key, wanted, .text(record.caller.name), &found)
            case "direction": compare(key, wanted, .text(record.direction.rawValue), &found)
            case "disposition": compare(key, wanted, .text(record.disposition.rawValue), &found)
            case "answered_by": compare(key, wanted, .text(record.answeredBy?.number), &found)
            case "agent": compare(key, wanted, .text(record.agent?.number), &found)
            case "hungup_by": compare(key, wanted, .text(record.hungUpBy?.rawValue), &found)
            case "accountcode": compare(key, wanted, .text(record.accountCode), &found)
            case "userfield": compare(key, wanted, .text(record.userField), &found)
            case "queue": compare(key, wanted, .text(record.queue?.name), &found)
            case "queue_result": compare(key, wanted, .text(record.queue?.result?.rawValue), &found)
            case "queue_wait": compare(key, wanted, .seconds(record.queue?.wait.map(seconds)), &found)
            case "billsec": compare(key, wanted, .seconds(Double(record.billableSeconds)), &found)
            case "duration": compare(key, wanted, .seconds(Double(record.duration)), &found)
            case "talksec": compare(key, wanted, .seconds(seconds(record.talk)), &found)
            case "cause": compare(key, wanted, .exact(Double(record.hangupCause.rawValue)), &found)
            case "agents":
                let numbers = (wanted.array ?? []).map(\.string)
                if numbers != record.agents.map(\.number) {
                    found.append("agents \(record.agents.map { $0.number ?? "-" })")
                }
            case "transfers":
                let allowed = wanted.array?.compactMap(\.integer) ?? [wanted.integer ?? 0]
                let count = record.transfers.count
                if count < allowed[0] || count > allowed[allowed.count - 1] {
                    found.append("transfers \(record.transfers)")
                }
                if let kind = facts["transfer_kind"]?.string, let first = record.transfers.first,
                    first.kind.rawValue != kind
                {
                    found.append("transfer_kind \(first.kind)")
                }
            case "recording":
                let paths = record.recordings.map(\.path)
                if let part = wanted["contains"]?.string {
                    if !paths.contains(where: { $0.contains(part) }) { found.append("recording \(paths)") }
                } else if !paths.isEmpty {
                    found.append("recording \(paths)")
                }
            case "variables":
                for (name, value) in wanted.object ?? [] where record.variables[name] != value.string {
                    found.append("variable \(name) \(record.variables[name] ?? "-")")
                }
            default: found.append("no rule for the stated fact \(key)")
            }
        }
        return found
    }

    private enum Seen {
        case text(String?)
        case seconds(Double?)
        case exact(Double)
    }

    private func compare(_ key: String, _ wanted: JSONValue, _ seen: Seen, _ found: inout [String]) {
        if !matches(wanted, seen) { found.append("\(key) is \(seen), stated \(wanted)") }
    }

    private func matches(_ wanted: JSONValue, _ seen: Seen) -> Bool {
        if let choices = wanted.array {
            // Two numbers are a range of seconds; anything else is a list of what is right.
            if case .seconds(let value?) = seen, let low = choices.first?.double, let high = choices.last?.double {
                return value >= low - tolerance && value <= high + tolerance
            }
            return choices.contains { matches($0, seen) }
        }
        switch seen {
        case .text(let text): return wanted.isNull ? text == nil : wanted.string == text
        case .seconds(let value): return value.map { abs($0 - (wanted.double ?? .infinity)) <= tolerance } ?? false
        case .exact(let value): return wanted.double == value
        }
    }

    private func seconds(_ duration: Duration) -> Double { Double(duration.wholeMicroseconds) / 1_000_000 }
}
