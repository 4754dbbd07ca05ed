import AsteriskWire
import Telephony
import Testing

/// What stands in a log file, whoever wrote it.
@Suite("CEL and CDR files are read in the shapes that systems write")
struct LogFileTests {
    private static let celNames =
        "id,eventtype,eventtime,cid_name,cid_num,exten,context,channame,uniqueid,linkedid,eventextra"

    @Test("a header behind a warning or a comment is found")
    func lateHeader() throws {
        let text = """
            mysql: [Warning] Using a password on the command line interface can be insecure.

            eventtype\teventtime\tchanname\tuniqueid\tlinkedid
            CHAN_START\t2026-03-02 09:00:00\tSIP/a-1\t1772442000.4\t1772442000.4
            """
        let rows = CELFile(Array(text.utf8)).rows
        #expect(rows.map(\.event) == ["CHAN_START"] && rows.first?.channel == ChannelName("SIP/a-1"))
    }

    @Test("a line that cannot be read is named with what is allowed; the others are read")
    func problems() {
        let text = """
            \(LogFileTests.celNames)
            1,CHAN_START,2026-03-02 09:00:00,,100,200,in,SIP/a-1,1772442000.4,1772442000.4,
            2,ANSWER,yesterday,,100,200,in,SIP/a-1,1772442000.4,1772442000.4,
            3,,2026-03-02 09:00:02,,100,200,in,SIP/a-1,1772442000.4,1772442000.4,
            4,HANGUP,2026-03-02 09:00:03,,100,200,in,SIP/a-1,1772442000.4,1772442000.4,
            """
        let file = CELFile(Array(text.utf8))
        #expect(file.rows.map(\.event) == ["CHAN_START", "HANGUP"])
        #expect(file.problems.map(\.line) == [3, 4])
        #expect(file.problems.first?.reason.contains("'yesterday'") == true)
        #expect(file.problems.first?.reason.contains("2026-11-21 02:17:40") == true)
    }

    @Test("a table without the columns that are needed says which it has")
    func missingColumns() {
        let file = CELFile(Array("eventtype,uniqueid,channame\nANSWER,1772442000.4,SIP/a-1\n".utf8))
        #expect(file.isEmpty && file.problems.first?.reason.contains("eventtime") == true)
    }

    @Test("a value that is quoted, or only begins with a quote, keeps its quotes", arguments: [",", "\t"])
    func quotes(separator: String) throws {
        let clid = separator == "," ? "\"\"\"Ada \"\"the\"\" B\"\" <100>\"" : "\"Ada\" <100>"
        let names = ["calldate", "clid", "src", "dst", "dcontext", "channel", "dstchannel", "uniqueid"]
        let values = ["2026-03-02 09:00:00", clid, "100", "200", "in", "SIP/a-1", "SIP/b-2", "1772442000.4"]
        let text = names.joined(separator: separator) + "\n" + values.joined(separator: separator) + "\r\n"
        let row = try #require(CDRFile(Array(text.utf8)).rows.first)
        #expect(row.callerID == (separator == "," ? "\"Ada \"the\" B\" <100>" : "\"Ada\" <100>"))
        #expect(row.uniqueID == UniqueID("1772442000.4"))
    }

    @Test("a bar inside a value of a drawn table does not move the columns")
    func barInside() throws {
        let text = """
             eventtype |      eventtime      | appdata | channame | uniqueid     | linkedid
            -----------+---------------------+---------+----------+--------------+--------------
             ANSWER    | 2026-03-02 09:00:00 | a|b,30  | SIP/a-1  | 1772442000.4 | 1772442000.4
             ANSWER    | 2026-03-02 09:00:01 | a,30    | SIP/b-1  | 1772442000.5 | 1772442000.4
            """
        let rows = CELFile(Array(text.utf8)).rows
        #expect(rows.map(\.channel.description) == ["SIP/a-1", "SIP/b-1"] && rows.first?.applicationData == "a|b,30")
    }

    @Test("a dump of a whole database gives the rows of its cel and of its cdr table")
    func dump() {
        let text = """
            -- MySQL dump 10.19
            CREATE TABLE `cdr` (
              `calldate` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
              `src` varchar(80) NOT NULL DEFAULT '', `dst` varchar(80) NOT NULL,
              `channel` varchar(80), `dstchannel` varchar(80), `duration` int(11), `billsec` int(11), `disposition` varchar(45),
              `uniqueid` varchar(32), KEY `calldate` (`calldate`)
            ) ENGINE=InnoDB;
            INSERT INTO `cdr` VALUES ('2026-03-02 09:00:00','100','it''s; (a) \\'b\\'','SIP/a-1','SIP/b-2',9,7,'ANSWERED','1772442000.4');
            CREATE TABLE `other` (`x` int);
            INSERT INTO `other` VALUES (1),(2);
            INSERT INTO `cel` (`eventtype`,`eventtime`,`channame`,`uniqueid`,`linkedid`,`extra`) VALUES
            ('CHAN_START','2026-03-02 09:00:00','SIP/a-1','1772442000.4','1772442000.4',NULL),
            ('HANGUP','2026-03-02 09:00:09','SIP/a-1','1772442000.4','1772442000.4','{\\"hangupcause\\":16}');
            """
        let cel = CELFile(Array(text.utf8)).rows
        #expect(cel.map(\.event) == ["CHAN_START", "HANGUP"] && cel.last?.extra["hangupcause"] == "16")
        let cdr = CDRFile(Array(text.utf8)).rows
        #expect(cdr.map(\.destination) == ["it's; (a) 'b'"] && cdr.first?.billableSeconds == 7)
    }

    /// phpMyAdmin sets blanks behind commas and a line end before each row; others put `"` around texts.
    @Test(
        "a dump with blanks between its values, after a page of remarks, gives values without them",
        arguments: ["INSERT INTO", "INSERT IGNORE INTO", "REPLACE INTO"], ["'", "\""])
    func spacedDump(verb: String, quote: String) throws {
        let remarks = String(repeating: "-- a remark, with a comma\n", count: 30)
        let values = [
            "2026-03-02 09:00:00", "it\(quote)\(quote)s", "200", "in", "SIP/a-1", "SIP/b-2", "ANSWERED", "1772442000.4",
        ]
        .map { quote + $0 + quote }
        let text = """
            -- phpMyAdmin SQL Dump
            \(remarks)
            \(verb) `cdr` (`id`, `calldate`, `src`, `dst`, `dcontext`, `channel`, `dstchannel`, `disposition`, `uniqueid`, `duration`, `billsec`) VALUES
            (1, \(values.joined(separator: ", ")), 9, 7),
            ( 2 , \(values.joined(separator: " , ")) , 9 , NULL );

            """
        let rows = CDRFile(Array(text.utf8)).rows
        #expect(
            rows.count == 2 && rows.allSatisfy { $0.source == "it\(quote)s" && $0.channel.description == "SIP/a-1" })
        #expect(rows.allSatisfy { $0.uniqueID == UniqueID("1772442000.4") && $0.duration == 9 })
        #expect(rows.map(\.billableSeconds) == [7, nil])
    }

    @Test(
        "a backslash in a dump stands for what follows it where MySQL wrote it, for itself where PostgreSQL or SQLite did",
        arguments: [
            ("-- MySQL dump 10.19", "a\\"), ("-- PostgreSQL database dump", "a\\\\"),
            ("PRAGMA foreign_keys=OFF;", "a\\\\"),
        ])
    func backslashes(first: String, name: String) throws {
        let text = """
            \(first)
            INSERT INTO cel (eventtype, eventtime, cid_name, channame, uniqueid, linkedid) VALUES ('ANSWER', '2026-03-02 09:00:00', 'a\\\\', 'SIP/a-1', '1772442000.4', '1772442000.4');

            """
        #expect(CELFile(Array(text.utf8)).rows.first?.name == name)
    }

    @Test("numbers of event types are those of the Asterisk that wrote them")
    func numbers() {
        func events(_ last: String) -> [String] {
            let rows = [("1", 0), ("7", 2), (last, 9)].map { type, second in
                "\(type),2026-03-02 09:00:0\(second),,100,200,in,SIP/a-1,1772442000.4,1772442000.4,"
            }
            let names = LogFileTests.celNames.dropFirst(3)
            return CELFile(Array((names + "\n" + rows.joined(separator: "\n")).utf8)).rows.map(\.event)
        }
        #expect(events("16") == ["CHAN_START", "PARK_START", "LINKEDID_END"])
        #expect(events("22") == ["CHAN_START", "BRIDGE_START", "LINKEDID_END"])
    }

    @Test("a CDR file of short calls is no CEL file with numbers for types")
    func shortCalls() {
        let text =
            #""a","100","200","in","Ada","SIP/a-1","SIP/b-2","Dial","x","2026-03-02 09:00:00","2026-03-02 09:00:00","2026-03-02 09:00:03",3,3,"ANSWERED","DOCUMENTATION","1772442000.4","""#
        #expect(CELFile(Array(text.utf8)).isEmpty && CDRFile(Array(text.utf8)).rows.count == 1)
    }

    @Test("columns of a mapping of one's own are found from what stands in them")
    func ownMapping() throws {
        // ${eventtime},${CHANNEL(uniqueid)},${CHANNEL(linkedid)},${eventtype},${CALLERID(num)},${CHANNEL(exten)},${CHANNEL(context)},${CHANNEL(channame)}
        let text = """
            1772442000.004410,1772442000.4,1772442000.4,CHAN_START,100,200,in,PJSIP/a-00000001,"",""
            1772442001.104410,1772442001.5,1772442000.4,CHAN_START,200,s,in,PJSIP/b-00000002,"",""
            1772442005.104410,1772442001.5,1772442000.4,HANGUP,200,,in,PJSIP/b-00000002,AppDial,"(Outgoing Line)","{""hangupcause"":16}"
            """
        let rows = CELFile(Array(text.utf8)).rows
        #expect(rows.map(\.uniqueID.description) == ["1772442000.4", "1772442001.5", "1772442001.5"])
        #expect(rows.allSatisfy { $0.linkedID == LinkedID("1772442000.4") && $0.context == "in" })
        #expect(rows.first?.exten == "200" && rows.first?.number == "100" && rows.last?.extra["hangupcause"] == "16")
        #expect(rows.first?.at == Instant(microseconds: 1_772_442_000_004_410))
    }

    @Test("a file of any size is read a piece at a time, forwards and backwards", arguments: [false, true])
    func pieces(isReversed: Bool) {
        var lines = (0..<20_000).map { n in
            let at = 1_772_442_000 + n
            return
                "HANGUP,\(at).000000,,100,,,200,in,SIP/a-\(n),,,\(at).\(n),\(at).\(n),,,\(String(repeating: "x", count: 60))"
        }
        if isReversed { lines.reverse() }
        let bytes = Array(lines.joined(separator: "\n").utf8)
        var longest = 0
        let file = CELFile(
            LogBytes(count: bytes.count) { range in
                longest = max(longest, range.count)
                return Array(bytes[range])
            })
        var count = 0
        var isInOrder = true
        file.forEachRow { row, _ in
            isInOrder = isInOrder && row.uniqueID == UniqueID("\(1_772_442_000 + count).\(count)")
            count += 1
        }
        #expect(count == 20_000 && isInOrder && longest <= 1 << 20 && longest < bytes.count)
    }
}

/// `cdr` tables and CDR files as they are found.
@Suite("CDR files are read in the layouts that systems write")
struct CDRLayoutTests {
    @Test("FreePBX's table has no answer and no end: they follow from what lies between")
    func freePBX() throws {
        let text = #"""
            calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,did,recordingfile,cnum,cnam,outbound_cnum,outbound_cnam,dst_cnam,linkedid,peeraccount,sequence
            2026-03-02 09:00:00,"""Ada"" <0401234567>",0401234567,600,ext-queues,PJSIP/trunk-00000001,PJSIP/601-00000002,Queue,"600,t,,",75,60,ANSWERED,3,,1772442000.4,,0987654,in-600-20260302.wav,0401234567,Ada,,,Bo,1772442000.4,,12
            """#
        let row = try #require(CDRFile(Array(text.utf8)).rows.first)
        #expect(row.end == CivilTime(year: 2026, month: 3, day: 2, hour: 9, minute: 1, second: 15))
        #expect(row.answer == CivilTime(year: 2026, month: 3, day: 2, hour: 9, minute: 0, second: 15))
        #expect(row.did == "0987654" && row.callerName == "Ada" && row.sequence == 12)
        #expect(row.recordingFile == "in-600-20260302.wav")
    }

    @Test("Master.csv with and without ids, with 11's new columns, and cdr_custom are told apart")
    func layouts() throws {
        let clid = "\"\"\"Ada\"\" <100>\""
        let middle =
            #""SIP/a-1","SIP/b-2","Dial","SIP/b,20","2026-03-02 09:00:00","2026-03-02 09:00:04","2026-03-02 09:00:09",9,5,"#
            + #""ANSWERED","DOCUMENTATION""#
        let master = #""acct","100","200","in","# + clid + "," + middle
        let custom = clid + #","100","200","in","# + middle
        let texts = [
            master, master + #","1772442000.4","uf""#, master + #","1772442000.4","uf","peer","1772442000.4",7"#,
            custom + #","acct","1772442000.4","uf""#,
            custom + #","acct","1772442000.4","uf","1772442000.4","peer",7"#,
        ]
        for (i, text) in texts.enumerated() {
            let row = try #require(CDRFile(Array((text + "\n").utf8)).rows.first, "\(i)")
            #expect(row.source == "100" && row.destination == "200" && row.callerID == "\"Ada\" <100>", "\(i)")
            #expect(row.context == "in" && row.channel == ChannelName("SIP/a-1") && row.accountCode == "acct", "\(i)")
            #expect(row.billableSeconds == 5 && row.disposition == "ANSWERED", "\(i)")
            if i > 0 { #expect(row.uniqueID == UniqueID("1772442000.4") && row.userField == "uf", "\(i)") }
            if i == 2 || i == 4 {
                #expect(
                    row.linkedID == LinkedID("1772442000.4") && row.peerAccount == "peer" && row.sequence == 7, "\(i)")
            }
        }
    }

    @Test("a mapping of one's own is read by what its columns hold")
    func ownMapping() throws {
        let text = """
            "2026-03-02 09:00:00","2026-03-02 09:00:04","2026-03-02 09:00:09","SIP/a-1","SIP/b-2","100","200","9.120","5.060","8","1772442000.4"
            """
        let row = try #require(CDRFile(Array(text.utf8)).rows.first)
        #expect(row.channel == ChannelName("SIP/a-1") && row.destinationChannel == ChannelName("SIP/b-2"))
        #expect(row.source == "100" && row.destination == "200" && row.uniqueID == UniqueID("1772442000.4"))
    }

    @Test(
        "what is JSON but no row gives no row", arguments: ["[1,2]", "[{}]", "{}", "[]", "[[]]", "{\"a\":1}\n{}\n"])
    func jsonWithoutRows(text: String) {
        #expect(CELFile(Array(text.utf8)).rows.isEmpty)
        #expect(CDRFile(Array(text.utf8)).rows.isEmpty)
    }

    /// phpMyAdmin's export names the table beside its rows; an interface's answer has a total, or the rows at some depth.
    @Test(
        "rows inside other objects are found, and what stands beside them is none",
        arguments: [
            #"[{"type":"header","version":"5.1"},{"type":"table","name":"cel","data":[ROWS]}]"#,
            #"{"total":2,"items":[ROWS]}"#, #"{"total":2,"rows":[]}[ROWS]"#,
            #"{"result":{"ok":true,"tags":["a","b"],"cel":[ROWS],"next":{"page":2}}}"#, "[\n[ROWS]\n]",
        ], ["", "\n\t"])
    func enveloped(text: String, blank: String) {
        let rows = ["ANSWER", "HANGUP"].map {
            #"{"eventtype":"\#($0)","eventtime":"2026-03-02 09:00:00","extra":{"a":[{"b":1}]},"channame":"SIP/a-1","#
                + #""uniqueid":"1772442000.4","linkedid":"1772442000.4"}"#
        }
        let inside = blank + rows.joined(separator: "," + blank) + blank
        let file = CELFile(Array(text.split(separator: "ROWS").joined(separator: inside).utf8))
        #expect(file.rows.map(\.event) == ["ANSWER", "HANGUP"] && file.problems.isEmpty)
    }

    @Test("a line inside other objects that cannot be read is named as it is counted")
    func envelopedProblem() {
        let row = #"{"eventtype":"ANSWER","eventtime":"late","channame":"SIP/a-1","uniqueid":"1.4","linkedid":"1.4"}"#
        let text = "{\n\"total\": 1,\n\"rows\": [\n\(row)\n]}\n"
        #expect(CELFile(Array(text.utf8)).problems.first?.line == 4)
    }
}
