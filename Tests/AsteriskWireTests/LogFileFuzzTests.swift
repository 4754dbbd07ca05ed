import AsteriskWire
import HookswitchTestKit
import Telephony
import TestGround
import Testing

/// Damaged CDR and CEL files: rows or problems, never more than the file can hold, with times a calendar knows.
@Suite struct LogFileFuzzTests {
    /// A file of each layout of each kind of capture, and exports as databases write them.
    static let samples: [[UInt8]] = {
        let folders = ["16", "22"].flatMap { version in
            ["in_answered_caller_hangs", "xfer_blind_refer", "queue_answered"].map {
                "\(HookswitchTestKit.captures)/\(version)/\($0)"
            }
        }
        let files = folders.flatMap { folder in
            ["cdr_Master.csv", "cdr_Full.csv", "cel.csv"].compactMap { readBytes("\(folder)/\($0)") }
        }
        let exports = [
            """
            [{"eventtype":"CHAN_START","eventtime":"2026-11-21 02:17:40.996054","cid_num":"15551230001","exten":"5001",
            "channame":"PJSIP/trunk-1","uniqueid":"1795227460.0","linkedid":"1795227460.0","eventextra":""},
            {"eventtype":3,"eventtime":1795227465.5,"uniqueid":"1795227460.0","linkedid":"1795227460.0",
            "eventextra":{"hangupcause":16,"hangupsource":"PJSIP/trunk-1","dialstatus":"ANSWER"}}]
            """,
            """
            {"EventType":"HANGUP","eventtime":"1795227465","uniqueid":"1795227460.0","extra":"{\\"hangupcause\\":16,\\"di"}
            {"eventtype":"CHAN_END","eventtime":"1795227466","uniqueid":"1795227460.0","extra":null,"a":[1,{"b":true}]}
            """,
            """
            calldate;clid;src;dst;dcontext;channel;dstchannel;duration;billsec;disposition;uniqueid;linkedid;sequence
            2026-11-21 02:17:40;"\""Ann"" <15551230001>";15551230001;5001;in;PJSIP/t-1;PJSIP/1001-2;9;5;ANSWERED;1795227460.0;1795227460.0;3
            """,
            """
            id\teventtype\teventtime\tcid_num\texten\tcontext\tchanname\tuniqueid\tlinkedid\textra
            1\tCHAN_START\t2026-11-21T02:17:40Z\t100\t200\tin\tSIP/a-1\t1795227460.0\t1795227460.0\t
            """,
            """
             eventtype  |           eventtime           | channame |   uniqueid   |   linkedid   | extra
            ------------+-------------------------------+----------+--------------+--------------+------------------
             CHAN_START | 2026-11-21 02:17:40.99+05:30  | SIP/a-1  | 1795227460.0 | 1795227460.0 |
             HANGUP     | 2026-11-21 02:17:45.5-04      | SIP/a-1  | 1795227460.0 | 1795227460.0 | {"hangupcause":16}
            (2 rows)
            """,
            """
            *************************** 1. row ***************************
            eventtype: CHAN_START
            eventtime: 2026-11-21 02:17:40
             channame: SIP/a-1
             uniqueid: 1795227460.0
            """,
            """
            CREATE TABLE `cel` (`eventtype` varchar(30), `eventtime` datetime, `channame` varchar(80), `uniqueid` varchar(32));
            INSERT INTO `cel` VALUES ('CHAN_START','2026-11-21 02:17:40','SIP/a\\'-1','1795227460.0'),(3,NULL,'','1795227460.1');
            COPY public.cdr (calldate, channel, dstchannel, duration, billsec, disposition, uniqueid) FROM stdin;
            2026-11-21 02:17:40\tSIP/a-1\t\\N\t9\t7\tANSWERED\t1795227460.0
            \\.
            """,
        ].map { Array($0.utf8) }
        return files + exports
    }()

    private static let mutator = Mutator(
        samples: samples,
        words: [
            "\"", "\"\"", "\\\"", ",", "\t", ";", "|", "\r\n", "{", "}", "[", "]", "\\u0000", "\\ud800", "NULL", "\\N",
            "CHAN_START", "LINKEDID_END", "\"a\":", "0000-01-01 00:00:00", "9999-12-31 23:59:60.999999", "1795227460.0",
        ])

    @Test func aDamagedFileGivesRowsOrProblems() {
        let outcome = Fuzz("cdr-cel").run(Self.mutator) { bytes, _ in
            let cel = CELFile(bytes)
            try require(cel.rows.count + cel.problems.count <= bytes.count + 1, "more rows than bytes")
            let extras = cel.rows.reduce(0) { $0 + $1.extra.count }
            try require(extras <= bytes.count, "\(extras) members of Extra from \(bytes.count) bytes")
            for row in cel.rows {
                try require(
                    row.at.microseconds >= Self.first.microseconds - Self.zones && row.at <= Self.last, "\(row.at)")
                try require(Instant(rfc3339: row.at.rfc3339) != nil || row.at < Self.first, "\(row.at.rfc3339)")
            }
            let cdr = CDRFile(bytes)
            try require(cdr.rows.count + cdr.problems.count <= bytes.count + 1, "more rows than bytes")
            for event in cdr.events { try require(event.at <= Self.last, "\(event.at)") }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    /// What a calendar of four digits can name, and epoch seconds below 2^40 (which is far beyond).
    private static let first = CivilTime(year: 0, month: 1, day: 1).asUTC
    private static let last = Instant(seconds: 1 << 41)
    /// The zone's offset is guessed from the file, and a damaged one can make it large.
    private static let zones: Int64 = (1 << 41) * 1_000_000
}
