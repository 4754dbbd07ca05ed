import HookswitchTestKit
import Telephony
import Testing

/// Damaged JSON: a value or an error, and what is read is what is written.
@Suite struct JSONFuzzTests {
    static let record = """
        {"id":"pbx1-1795237865.0","system":"pbx1","uniqueid":"1795237865.0","linkedid":"1795237865.0","direction":"inbound",
        "disposition":"ANSWERED","caller":{"number":"15551230001","name":"Zo\\u00eb"},"callee":{"number":"5011","name":null},
        "answered_by":{"number":"1001","name":"Alice","channel":"PJSIP/1001-00000001"},"agents":[{"number":"1001",
        "name":"Alice","channel":"PJSIP/1001-00000001","agent":"7"}],"agent":null,"started_at":"2026-11-21T05:11:05.543Z",
        "answered_at":"2026-11-21T05:11:06.552Z","ended_at":"2026-11-21T05:11:09.556Z","duration":4,"billsec":3,
        "talk_seconds":3.002,"ring_seconds":1.001,"hold_seconds":0,"park_seconds":0,"hungup_by":"caller",
        "hangup_cause":{"code":16,"text":"Normal Clearing"},"queue":{"name":"q","wait_seconds":1.5,"position":1,
        "result":"ANSWERED"},"transfers":[{"kind":"blind","by":"1","to":"2","at":"2026-11-21T05:11:08.000Z","ok":true}],
        "recordings":[{"path":"/a.wav","channel":"PJSIP/t-0","started_at":"2026-11-21T05:11:05.548Z",
        "ended_at":"2026-11-21T05:11:09.554Z","seconds":3,"bytes":48044,"state":"ready"}],"legs":[{"uniqueid":"1.1",
        "channel":"PJSIP/1001-1","role":"agent","started_at":"2026-11-21T05:11:05.543Z","bridged":[{"from":
        "2026-11-21T05:11:06.552Z","to":"2026-11-21T05:11:09.554Z","with":["PJSIP/t-0"]}]}],"variables":{"lead_id":"8"},
        "ref_id":"CRM-4711","accountcode":null,"userfield":null,"completeness":"full","sources":["agi","ami"],"notes":["x"]}
        """
    private static let mutator = Mutator(
        samples: [
            record, "[1,-0.5e+10,true,false,null,\"\\ud83d\\ude00\\u0000\\n\",{\"a\":{\"b\":[[]]}}]",
            "{\"access_token\":\"a\",\"expires_in\":3600}", "\"x\"", "0",
        ].map { Array($0.utf8) },
        words: [
            "{", "}", "[", "]", "[[[[[[[[[[[[[[[[", "{\"a\":", "\"", "\\u", "\\ud800", "\\udc00\\ud800", ",", ":",
            "1e308",
            "1e999", "-", "true", "null", "\"started_at\":", "0000-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "\u{FEFF}",
        ])

    @Test func whatIsReadIsWrittenAndReadAgainTheSame() {
        let outcome = Fuzz("json").run(Self.mutator) { bytes, _ in
            guard let value = try? JSONValue(parsing: bytes) else { return }
            try require((try? JSONValue(parsing: value.serialised)) == value, "it changed")
            _ = (value.integer, value.double, value["a"], value[0])
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test func aDamagedRecordIsRefusedOrWrittenAsOne() {
        let mutator = Mutator(
            samples: [Array(Self.record.utf8)],
            words: [
                "1e300", "-1e300", "\"talk_seconds\":", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "null",
                ",\"id\":7",
            ])
        let outcome = Fuzz("record").run(mutator) { bytes, _ in
            guard let value = try? JSONValue(parsing: bytes), let record = CallRecord(json: value) else { return }
            let written = try? JSONValue(parsing: record.json)
            try require(written != nil, "its JSON cannot be read")
            let again = written.flatMap { CallRecord(json: $0) }
            try require(again?.json == record.json, "the record changed on its way")
        }
        #expect(outcome.isClean, "\(outcome)")
    }
}
