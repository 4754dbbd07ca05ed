import AsteriskWire
import Daemon
import Foundation
import HookswitchTestKit
import Telephony
import Testing

@Suite("Log files on disk")
struct LogFileTests {
    @Test("the tables that cel_sqlite3_custom and cdr_sqlite3_custom write are read from their database")
    func sqlite() throws {
        let folder = try TestFolder()
        let path = "\(folder.path)/master.db"
        let sql = """
            CREATE TABLE cel (AcctId INTEGER PRIMARY KEY, eventtype TEXT, eventtime TEXT, cidnum TEXT, exten TEXT, channame TEXT,
              uniqueid TEXT, userfield TEXT, eventextra TEXT);
            INSERT INTO cel VALUES (1, 'CHAN_START', '1772442000.250000', '100', '200', 'SIP/a-1', '1772442000.4', NULL, '');
            INSERT INTO cel VALUES (2, 'HANGUP', '1772442009.250000', '100', '200', 'SIP/a-1', '1772442000.4', 'tab\there',
              '{"hangupcause":16,"hangupsource":"SIP/a-1","dialstatus":""}');
            CREATE TABLE cdr (AcctId INTEGER PRIMARY KEY, calldate TEXT, channel TEXT, dstchannel TEXT, duration TEXT, billsec TEXT,
              disposition TEXT, uniqueid TEXT);
            INSERT INTO cdr VALUES (1, '2026-03-02 09:00:00', 'SIP/a-1', 'SIP/b-2', '9', '7', 'ANSWERED', '1772442000.4');
            CREATE TABLE other (x TEXT);
            """
        let make = Process()
        make.executableURL = URL(filePath: "/usr/bin/env")
        make.arguments = [
            "python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2])", path,
            sql,
        ]
        try make.run()
        make.waitUntilExit()
        let cel = CELFile(try LogFile.open(path)).rows
        #expect(cel.map(\.event) == ["CHAN_START", "HANGUP"] && cel.last?.userField == "tabhere")
        #expect(cel.last?.extra["hangupcause"] == "16" && cel.first?.at == Instant(microseconds: 1_772_442_000_250_000))
        let cdr = CDRFile(try LogFile.open(path)).rows
        #expect(cdr.map(\.billableSeconds) == [7])
    }

    @Test("a file that is not there is an error of its own, and an empty one has no rows")
    func missing() throws {
        let folder = try TestFolder()
        #expect(throws: FileError.self) { try LogFile.open("\(folder.path)/none") }
        try folder.write("empty", [])
        #expect(CELFile(try LogFile.open("\(folder.path)/empty")).isEmpty)
    }
}
