import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Daemon

@Suite("Backfill at start") struct BackfillTests {
    /// A hangup handler's request of a call that lasted 8 s, as `agi-bin/hookswitch-spool` keeps it.
    private static let spooled = """
        hookswitch-spool 1 1795227953
        agi_network_script: hookswitch-spool
        agi_request: hookswitch-spool
        agi_channel: PJSIP/trunk-00000011
        agi_uniqueid: 1795227945.26
        agi_callerid: 15551230001
        agi_dnid: 5001
        agi_context: hookswitch-hangup
        agi_extension: s
        agi_arg_1: call-complete?role=caller&linkedid=1795227945.26&dialstatus=ANSWER&answeredtime=5&dialedtime=8\
        &hangupcause=16&hangupsource=PJSIP/trunk-00000011&peer=PJSIP/1001-00000012&peernumber=1001

        end

        """
    /// What Asterisk's `Master.csv` says of that call, with a column for the linkedid, and of one that nobody else told.
    private static let rows = """
        accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,disposition,\
        amaflags,uniqueid,linkedid
        ,15551230001,5001,from-trunk,,PJSIP/trunk-00000011,PJSIP/1001-00000012,Dial,PJSIP/1001,2026-11-21 02:25:45,\
        2026-11-21 02:25:48,2026-11-21 02:25:53,8,5,ANSWERED,DOCUMENTATION,1795227945.26,1795227945.26
        ,15551230002,5001,from-trunk,,PJSIP/trunk-00000013,PJSIP/1001-00000014,Dial,PJSIP/1001,2026-11-21 02:26:45,\
        2026-11-21 02:26:48,2026-11-21 02:26:53,8,5,ANSWERED,DOCUMENTATION,1795228005.28,1795228005.28

        """

    @Test("calls that are left for the daemon wait for those left before them; none takes another's place")
    func handedOverTwice() throws {
        let folder = try TestFolder()
        let backfill = Backfill(try configuration(folder.settings()))
        let path = Backfill.handoverPath(in: folder.path)
        var (first, second) = (try capturedCall(), try capturedCall())
        (first.record.id, second.record.id) = ("pbx1-1.0", "pbx1-2.0")
        func files() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).count { $0.contains("backfill") }
        }
        try backfill.handOver([first], folder.path)
        let ended = DispatchSemaphore(value: 0)
        let failure = Mutex<FileError?>(nil)
        // On a thread of its own, as it waits there.
        Thread.detachNewThread { [second] in
            do throws(FileError) { try backfill.handOver([second], folder.path) } catch {
                failure.withLock { $0 = error }
            }
            ended.signal()
        }
        // Its draft lies beside the other's file. As a daemon takes that up, some time later.
        while try files() < 2 { usleep(5000) }
        usleep(300_000)
        try OverflowFile(path: path).rename(to: "\(path).taken")
        ended.wait()
        #expect(failure.withLock { $0 } == nil)
        #expect(try OverflowFile(path: "\(path).taken").all().map(\.record.id) == ["pbx1-1.0"])
        #expect(try OverflowFile(path: path).all().map(\.record.id) == ["pbx1-2.0"])
        #expect(try files() == 2)
    }

    @Test("a call that is known stays as it was told; one that was missed is added")
    func known() throws {
        let folder = try TestFolder()
        try FileManager.default.createDirectory(atPath: "\(folder.state)/spool", withIntermediateDirectories: true)
        try folder.write("state/spool/1795227953-1.agi", Array(BackfillTests.spooled.utf8))
        try folder.write("Master.csv", Array(BackfillTests.rows.utf8))
        let sections = "[backfill]\ncdr = \(folder.path)/Master.csv\n"
        try DaemonFixture.run(folder) { fixture in
            try await fixture.wait("the record") { try await fixture.records().count == 1 }
        }
        try DaemonFixture.run(folder, sections: sections) { fixture in
            let known = fixture.daemon.counters.counter("calls.known")
            let amended = fixture.daemon.counters.counter("calls.amended")
            try await fixture.wait("both calls") {
                let count = try await fixture.records().count
                return count == 2 && known.value + amended.value > 0
            }
            let told = try await fixture.records().first { $0["uniqueid"]?.string == "1795227945.26" }
            #expect(told?["sources"]?.array?.compactMap(\.string).contains("agi") == true)
            #expect(told?["hungup_by"]?.string == "caller")
        }
        let lines = try String(contentsOfFile: "\(folder.path)/calls.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2, "one line a call")
    }
}
