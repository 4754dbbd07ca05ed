import Foundation
import HookswitchTestKit
import Testing

@testable import Daemon
@testable import Delivery

/// The sample configuration is the reference of all keys: it lists each key that the program knows, and no other.
@Suite("The configuration reference") struct ConfigurationReferenceTests {
    private static let kinds = ["backfill", "fastagi", "general", "lookup", "pbx", "recordings", "webhook"]
    private static let known: [String: [String]] = [
        "general": keys(of: "general"), "pbx": keys(of: "pbx:x"), "fastagi": keys(of: "fastagi"),
        "recordings": keys(of: "recordings"), "backfill": keys(of: "backfill"), "lookup": LookupConfiguration.keys,
        "webhook": EndpointConfiguration.keys + ["secret_file"],
    ]

    /// What a section takes, by the hint for a key that is like none of them.
    private static func keys(of section: String) -> [String] {
        let wrong = String(repeating: "z", count: 40)
        let hint = problems("[\(section)]\n\(wrong) = 1\n").first { $0.contains(wrong) } ?? ""
        guard let list = hint.range(of: "allowed: ") else { return [] }
        return hint[list.upperBound...].split(separator: ", ").map(String.init)
    }

    /// Keys by kind of section, also those behind a `;`.
    private static func sample() throws -> [String: Set<String>] {
        let text = try String(
            contentsOfFile: "\(HookswitchTestKit.repository)/asterisk-conf/hookswitch.conf", encoding: .utf8)
        var found: [String: Set<String>] = [:]
        var section = ""
        for line in text.split(separator: "\n") {
            if let match = line.firstMatch(of: /^;?\[([a-z]+)/) {
                section = String(match.1)
            } else if let match = line.firstMatch(of: /^;?([A-Za-z0-9_.-]+) = ./) {
                found[section, default: []].insert(String(match.1))
            }
        }
        return found
    }

    /// `header.X-Api-Key` is one of `header.`.
    private static func isSame(_ written: String, _ key: String) -> Bool {
        key.hasSuffix(".") ? written.hasPrefix(key) && written.count > key.count : written == key
    }

    @Test("every key of every section is in asterisk-conf/hookswitch.conf", arguments: kinds)
    func complete(_ kind: String) throws {
        let written = try #require(try ConfigurationReferenceTests.sample()[kind])
        let keys = try #require(ConfigurationReferenceTests.known[kind])
        #expect(keys.count > 1)
        // Of [lookup] those that are as in [webhook:NAME] are named in a sentence there.
        let text = try String(
            contentsOfFile: "\(HookswitchTestKit.repository)/asterisk-conf/hookswitch.conf", encoding: .utf8)
        for key in keys where !written.contains(where: { ConfigurationReferenceTests.isSame($0, key) }) {
            guard kind == "lookup" else {
                Issue.record("[\(kind)] \(key) is not in the reference")
                continue
            }
            let sentence = text.split(separator: "\n; Also ").last.map { $0.prefix(300) } ?? ""
            let name = key.hasPrefix("oauth2_") ? "oauth2_" : key.hasSuffix(".") ? "\(key)NAME" : key
            #expect(sentence.contains(name), "[lookup] \(key) is not in the reference")
        }
    }

    @Test("every key in asterisk-conf/hookswitch.conf is known", arguments: kinds)
    func known(_ kind: String) throws {
        for key in try #require(try ConfigurationReferenceTests.sample()[kind]) {
            #expect(
                ConfigurationReferenceTests.known[kind]!.contains { ConfigurationReferenceTests.isSame(key, $0) },
                "[\(kind)] \(key) is not a key")
        }
    }

    @Test(
        "with everything uncommented that goes together the sample can be read, and what it shows as defaults are the defaults"
    )
    func readable() throws {
        let text = try String(
            contentsOfFile: "\(HookswitchTestKit.repository)/asterisk-conf/hookswitch.conf", encoding: .utf8)
        // One of each that exclude one another, and files that are not here.
        let others = [
            ";bearer", ";secret_file", ";proxy", ";preset", ";method", ";content_type", ";number_format = dialled",
            ";rate",
        ]
        var lines: [Substring] = []
        for line in text.split(separator: "\n") {
            let isSetting = line.firstMatch(of: /^;([A-Za-z0-9_.-]+ = |\[)/) != nil
            lines.append(isSetting && !others.contains { line.hasPrefix($0) } ? line.dropFirst() : line)
        }
        let all = try configuration(
            lines.joined(separator: "\n"),
            variables: [
                "HOOKSWITCH_AMI_SECRET": "a", "HOOKSWITCH_WEBHOOK_SECRET": "whsec_bmV3", "CRM_KEY": "k",
                "CRM_CLIENT_SECRET": "c",
            ],
            files: [
                "/etc/hookswitch/asterisk-ca.pem": ConfigurationErrorTests.certificates["/cert.pem"]!,
                "/etc/hookswitch/crm-ca.pem": ConfigurationErrorTests.certificates["/cert.pem"]!,
                "/etc/hookswitch/client.pem": ConfigurationErrorTests.certificates["/cert.pem"]!,
                "/etc/hookswitch/client.key": ConfigurationErrorTests.certificates["/key.pem"]!,
            ])
        let shipped = try configuration(text, variables: ["HOOKSWITCH_AMI_SECRET": "a"])
        let (full, general) = (all.general, shipped.general)
        #expect(full.stateDirectory == general.stateDirectory && full.callsLog == general.callsLog)
        #expect(full.retention == general.retention && full.logLevel == general.logLevel)
        #expect(all.fastAGI == shipped.fastAGI)
        #expect(
            all.recordings.settle == shipped.recordings.settle
                && all.recordings.giveUp == shipped.recordings.giveUp)
        #expect(all.endpoints.count == 1 && all.lookups.count == 1)
        let endpoint = try #require(all.endpoints.first)
        let usual = try EndpointConfiguration(name: "crm", entries: [.init("url", "https://crm.example.com/")])
        #expect(endpoint.timeout == usual.timeout && endpoint.retry == usual.retry)
        #expect(endpoint.concurrency == usual.concurrency && endpoint.alertAge == usual.alertAge)
        #expect(all.lookups.first?.timeout == LookupConfiguration.usualTimeout)
        #expect(all.backfill.cdr == "/var/log/asterisk/cdr-csv/Master.csv")
    }
}
