import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

@testable import Delivery

/// What the README tells its readers to copy, copied and run.
@Suite(.timeLimit(.minutes(20))) struct ReadmeTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private static func blocks(_ language: String) throws -> [String] {
        let text = try String(contentsOfFile: "\(HookswitchTestKit.repository)/README.md", encoding: .utf8)
        return text.matches(of: try Regex("(?s)```\(language)\n(.*?)```", as: (Substring, Substring).self))
            .map { String($0.output.1) }
    }

    /// A request as a receiver gets it, signed with the secret.
    private static func received() async throws -> [String: Any] {
        let sink = WebhookSink()
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("secret", secret))]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.untilDelivered(1)
        }
        let request = try #require(sink.requests.first)
        return ["headers": request.headers, "body": request.text, "secret": secret]
    }

    /// The programs around the snippets read a message from standard input and print three verdicts: on it, on a changed body, and on a
    /// time long gone.
    private static let wrappers: [String: @Sendable (String) -> String] = [
        "js": {
            """
            \($0)
            const m = JSON.parse(require("fs").readFileSync(0));
            const old = { ...m.headers, "webhook-timestamp": "1000000000" };
            console.log([verify(m.secret, m.headers, m.body), verify(m.secret, m.headers, m.body + " "),
              verify(m.secret, old, m.body)].join());
            """
        },
        "php": {
            """
            <?php
            \($0)
            $m = json_decode(file_get_contents('php://stdin'), true);
            $old = ['webhook-timestamp' => '1000000000'] + $m['headers'];
            echo json_encode([verify($m['secret'], $m['headers'], $m['body']),
                verify($m['secret'], $m['headers'], $m['body'] . ' '), verify($m['secret'], $old, $m['body'])]);
            """
        },
        "python": {
            """
            import json, sys, types
            m = json.load(sys.stdin)
            def check(headers, body):
                request = types.SimpleNamespace(headers=headers, get_data=lambda: body.encode())
                try:
                    exec(SNIPPET, {"request": request})
                    return "true"
                except Exception:
                    return "false"
            SNIPPET = \(literal($0.replacing("whsec_...", with: secret)))
            old = dict(m["headers"], **{"webhook-timestamp": "1000000000"})
            print(check(m["headers"], m["body"]), check(m["headers"], m["body"] + " "), check(old, m["body"]), sep=",")
            """
        },
    ]
    /// A text as a Python literal, which JSON's is.
    private static func literal(_ text: String) -> String {
        var w = JSONWriter()
        w.value(text)
        return String(decoding: w.bytes, as: UTF8.self)
    }

    @Test("the verification snippets accept what is sent and refuse what is not", arguments: ["python", "js", "php"])
    func verification(language: String) async throws {
        let snippet = try #require(try ReadmeTests.blocks(language).first)
        let wrapper = try #require(ReadmeTests.wrappers[language])
        let message = try JSONSerialization.data(withJSONObject: try await ReadmeTests.received())
        let folder = TemporaryFolder()
        let file = "\(folder.path)/snippet.\(language)"
        try wrapper(snippet).write(toFile: file, atomically: true, encoding: .utf8)
        let output =
            switch language {
            case "python":
                try VerifierTests.run("\(try VerifierTests.verifiers.get())/bin/python", [file], input: message)
            case "js": try VerifierTests.run("/usr/bin/env", ["node", file], input: message)
            default: try VerifierTests.run("/usr/bin/env", ["php", file], input: message)
            }
        #expect(output.trimmingCharacters(in: CharacterSet(charactersIn: "[]\n")) == "true,false,false")
    }

    @Test("the library examples are the ones that are built", arguments: [("Hangups", 0), ("Hello", 1)])
    func examples(folder: String, index: Int) throws {
        let built = try String(
            contentsOfFile: "\(HookswitchTestKit.repository)/Examples/\(folder)/main.swift", encoding: .utf8)
        #expect(try ReadmeTests.blocks("swift")[index] == built)
    }

    @Test("every event type, kind of alert and preset is named in the README")
    func words() throws {
        let text = try String(contentsOfFile: "\(HookswitchTestKit.repository)/README.md", encoding: .utf8)
        let words =
            EventType.allCases.map(\.rawValue) + Alert.Kind.allCases.map(\.rawValue)
            + Preset.allCases.filter { $0 != .hookswitch }.map(\.rawValue)
        let missing = words.filter { !text.contains("`\($0)`") }
        #expect(missing.isEmpty)
    }

    @Test("the [lookup] of the README can be read")
    func lookup() throws {
        let block = try #require(try ReadmeTests.blocks("ini").first { $0.hasPrefix("[lookup]") })
        let entries = block.split(separator: "\n").dropFirst().map { line in
            let parts = line.split(separator: " = ", maxSplits: 1)
            return EndpointConfiguration.Entry(
                String(parts[0]), String(parts[1].split(separator: " ;")[0].trimmingCharacters(in: .whitespaces)))
        }
        let lookup = try LookupConfiguration(name: "", line: 1, entries: entries)
        #expect(lookup.defaults == [.init("__CRM_VIP", "0")])
    }
}
