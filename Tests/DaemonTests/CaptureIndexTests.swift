import AsteriskWire
import CallAssembly
import Daemon
import Foundation
import HookswitchTestKit
import Telephony
import Testing

@Suite("Captures with an index") struct CaptureIndexTests {
    @Test("a connection that cannot be read on takes nothing from the next, however many reads that came in")
    func damagedConnection() throws {
        let greeting = "Asterisk Call Manager/5.0.4\r\n"
        // Longer than any message.
        let damaged = Array((greeting + String(repeating: "X: y\r\n", count: 60_000) + "\r\n").utf8)
        let path = "\(HookswitchTestKit.captures)/22/in_answered_caller_hangs/ami.ami"
        let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var index = "# conn 0 opened epoch=1795227400.000000\n0 0 \(damaged.count) 1.0 1795227400.000000\n"
        index += "# conn 0 closed epoch=1795227401.000000\n# conn 1 opened epoch=1795227402.000000\n"
        for offset in stride(from: 0, to: whole.count, by: 1000) {
            index += "1 \(offset) \(min(1000, whole.count - offset)) 2.0 1795227403.000000\n"
        }
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let summary = replay.run(damaged + whole, marks: CaptureReplay.marks(index: index))
        #expect(summary.error?.code == .messageTooLong)
        #expect(summary.calls.map(\.record.disposition) == [.answered])
        #expect(summary.calls.first?.record.completeness == .full)
    }
}
