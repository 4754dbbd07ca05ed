import AsteriskWire
import Telephony
import Testing

/// What was written days before the wanted rows is not read, of logs as Asterisk appends to them.
@Suite("A log that was kept for years")
struct LogSkipTests {
    /// 2026-01-01 00:00:00, UTC.
    private static let start = Int64(1_767_225_600)
    private static let days = 400
    private static let rowsADay = 24

    private static func time(_ row: Int) -> String {
        let civil = CivilTime(Instant(seconds: start + Int64(row) * 3600))
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        return "\(civil.year)-\(two(civil.month))-\(two(civil.day)) \(two(civil.hour)):00:00"
    }
    private static func cdr(_ row: Int) -> String {
        let (time, id) = (time(row), "\(start + Int64(row) * 3600).\(row)")
        return
            "\"\",\"100\",\"200\",\"office\",\"\"\"A\"\" <100>\",\"PJSIP/100-\(row)\",\"PJSIP/200-\(row)\",\"Dial\",\"PJSIP/200,30\",\"\(time)\",\"\(time)\",\"\(time)\",0,0,\"ANSWERED\",\"DOCUMENTATION\",\"\(id)\",\"two\nlines\""
    }
    private static func cel(_ row: Int) -> String {
        "CHAN_START,\(time(row)),PJSIP/100-\(row),\(start + Int64(row) * 3600).\(row),100,200,office"
    }
    private static let celNames = "eventtype,eventtime,channame,uniqueid,cidnum,exten,context"

    private static func file(_ lines: [String]) -> LogBytes {
        LogBytes(Array((lines.joined(separator: "\n") + "\n").utf8))
    }
    private static let all = days * rowsADay
    private static let since = Instant(seconds: start + Int64(days - 10) * 86400)

    @Test("all rows of the wanted days come, and what the days before them hold is left out")
    func cdr() {
        let file = LogSkipTests.file((0..<LogSkipTests.all).map(LogSkipTests.cdr))
        let whole = CDRFile(file).rows
        #expect(whole.count == LogSkipTests.all)
        let late = CDRFile(file, since: LogSkipTests.since).rows
        #expect(late.elementsEqual(whole.suffix(late.count)))
        #expect(late.count >= 10 * LogSkipTests.rowsADay && late.count < 40 * LogSkipTests.rowsADay)
    }

    @Test("the same of channel events, whose time zone is found among the late rows")
    func cel() {
        let file = LogSkipTests.file([LogSkipTests.celNames] + (0..<LogSkipTests.all).map(LogSkipTests.cel))
        let whole = CELFile(file).rows
        let late = CELFile(file, since: LogSkipTests.since).rows
        #expect(late.elementsEqual(whole.suffix(late.count)))
        #expect(late.count >= 10 * LogSkipTests.rowsADay && late.count < 40 * LogSkipTests.rowsADay)
    }

    @Test("of a file of a gigabyte some megabytes are read")
    func little() {
        // A row of so many bytes a minute, made as it is asked for.
        let (width, count) = (256, 4 << 20)
        var read = 0
        let file = LogBytes(count: width * count) { range in
            read += range.count
            let rows = range.lowerBound / width...(range.upperBound - 1) / width
            let bytes = rows.flatMap { row in
                let at = Instant(seconds: LogSkipTests.start + Int64(row) * 60)
                let text = "CHAN_START,\(at.seconds).000000,PJSIP/100-\(row),\(at.seconds).\(row),100,200,office,"
                return Array(text.utf8) + [UInt8](repeating: 0x78, count: width - text.utf8.count - 1) + [10]
            }
            let from = range.lowerBound - rows.lowerBound * width
            return Array(bytes[from..<from + range.count])
        }
        let end = Instant(seconds: LogSkipTests.start + Int64(count) * 60)
        let cel = CELFile(file, since: end - .seconds(86400))
        // A day and what is read besides, 38 hours.
        #expect(cel.rowCount >= 24 * 60 + 38 * 60 && cel.rowCount < 24 * 60 + 38 * 60 + 600)
        #expect(read < 64 << 20)
    }

    @Test("an export with the newest first, and a file that is all wanted, are read whole")
    func nothingLeftOut() {
        let lines = (0..<LogSkipTests.all).map(LogSkipTests.cdr)
        #expect(CDRFile(LogSkipTests.file(lines.reversed()), since: LogSkipTests.since).rows.count == LogSkipTests.all)
        let first = Instant(seconds: LogSkipTests.start)
        #expect(CDRFile(LogSkipTests.file(lines), since: first).rows.count == LogSkipTests.all)
    }

    @Test("where nothing is as late, the last rows are read")
    func nothingWanted() {
        let file = LogSkipTests.file((0..<LogSkipTests.all).map(LogSkipTests.cdr))
        let rows = CDRFile(file, since: LogSkipTests.since + .seconds(100 * 86400)).rows
        #expect(rows.last?.uniqueID == CDRFile(file).rows.last?.uniqueID)
        #expect(rows.count < LogSkipTests.all / 10)
    }
}
