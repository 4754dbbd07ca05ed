import CFaultVFS
import Foundation
import Storage
import Telephony
import Testing

/// Makes the n-th operation of the disk fail, for every n until the work succeeds, and looks what is left.
@Suite struct FaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var kinds: Int32
        var isSticky: Bool
        var isFull = false
        var testDescription: String { name }
    }

    @Test(arguments: [
        Fault(name: "the n-th write", kinds: 2, isSticky: false),
        Fault(name: "disk full from the n-th write on", kinds: 2, isSticky: true, isFull: true),
        Fault(name: "the n-th sync", kinds: 4, isSticky: false),
        Fault(name: "every sync from the n-th on", kinds: 4, isSticky: true),
        Fault(name: "the n-th opening of a file", kinds: 1, isSticky: false),
        Fault(name: "the n-th read", kinds: 8, isSticky: false),
    ])
    func whateverFailsARecordIsThereExactlyWhenItsMessagesAreAndNothingAnsweredIsLost(_ fault: Fault) async throws {
        let vfsName = "fault-\(UUID().uuidString)"
        let vfs = try #require(hs_fault_vfs_create(vfsName))
        var n: Int32 = 1
        while true {
            hs_fault_vfs_arm(vfs, fault.kinds, n, fault.isSticky ? 1 : 0, fault.isFull ? HS_FAULT_FULL : HS_FAULT_IOERR)
            let scratch = try Scratch()
            var work = Work(scratch: scratch, vfs: vfsName)
            await work.run()
            let asked = hs_fault_vfs_count(vfs)
            hs_fault_vfs_arm(vfs, 0, 0, 0, HS_FAULT_IOERR)
            try await work.check("\(fault.name), n = \(n)")
            if asked < n {
                #expect(work.failures == 0, "nothing failed in the last run")
                break
            }
            n += 1
        }
        #expect(n > 3, "the fault was met")
    }

    /// A short daemon's life: what it was told, and what must be found afterwards.
    struct Work {
        let scratch: Scratch
        let vfs: String
        let clock = ManualClock()
        var failures = 0
        var committed: Set<Int> = []
        var delivered: Set<String> = []
        var noted = false

        init(scratch: Scratch, vfs: String) { (self.scratch, self.vfs) = (scratch, vfs) }

        func open() throws(StorageError) -> CallStore {
            try CallStore(.init(folder: scratch.state, vfs: vfs, clock: clock.read, uptime: clock.uptime))
        }
        static func calls(_ n: Int) -> [CallCommit] {
            [commit(n, endpoints: ["crm", "warehouse"]), commit(n + 1, endpoints: ["crm"])]
        }
        static let first = [10, 20, 30]

        mutating func run() async {
            let store: CallStore
            do { store = try open() } catch {
                failures += 1
                return
            }
            for n in Work.first {
                do {
                    _ = try await store.commit(Work.calls(n))
                    committed.formUnion([n, n + 1])
                } catch { failures += 1 }
            }
            do {
                let call = sampleCall(99)
                try await store.noteOpen([
                    OpenCall(
                        id: call.record.id, system: "pbx1", linkedID: call.record.linkedID,
                        startedAt: call.record.startedAt)
                ])
                noted = true
            } catch { failures += 1 }
            for verdict in [AttemptResult.Verdict.delivered, .retry(at: clock.now), .dead] {
                do {
                    guard let entry = try await store.claim(limit: 1, now: clock.now).entries.first else { continue }
                    try await store.finish(entry, verdict, at: clock.now)
                    if verdict == .delivered { delivered.insert(entry.messageID) }
                } catch { failures += 1 }
            }
            // Offered again, as the daemon does after an error that may pass.
            for n in Work.first where !committed.contains(n) {
                do {
                    _ = try await store.commit(Work.calls(n))
                    committed.formUnion([n, n + 1])
                } catch { failures += 1 }
            }
            await store.close()
        }

        func check(_ comment: Comment) async throws {
            let store = try open()
            #expect(try await store.check() == [], comment)
            let stored = try await store.query.calls(matching: .init(limit: nil))
            let ids = try stored.map { try #require(try JSONValue(parsing: $0.recordJSON)["id"]?.string) }
            #expect(Set(ids).count == ids.count, comment)
            for n in Work.first.flatMap({ [$0, $0 + 1] }) {
                let id = sampleCall(n).record.id
                let messages = try await store.query.deliveries(ofCall: id)
                let endpoints = n % 10 == 0 ? ["crm", "warehouse"] : ["crm"]
                if ids.contains(id) {
                    #expect(Set(messages.map(\.endpoint)) == Set(endpoints), comment)
                    #expect(messages.count == endpoints.count, comment)
                } else {
                    #expect(messages.isEmpty, comment)
                    #expect(!committed.contains(n), comment)
                }
            }
            if noted { #expect(try await store.openCalls().count == 1, comment) }
            let list = try await store.query.deliveries(matching: .init(limit: nil))
            for message in list where delivered.contains(message.messageID) && message.endpoint == "crm" {
                #expect(message.state == .delivered, comment)
                #expect(message.attemptCount == 1, comment)
            }
            // The counts are the rows', and every ready row can be claimed.
            for status in try await store.endpoints() {
                let own = list.filter { $0.endpoint == status.name }
                for state in DeliveryState.allCases {
                    let count = own.count { $0.state == state }
                    let told =
                        switch state {
                        case .ready: status.ready
                        case .waiting: status.waiting
                        case .delivered: status.delivered
                        case .dead: status.dead
                        }
                    #expect(count == told, comment)
                }
                #expect(try await store.claim(status.name, now: clock.now).entries.count == status.ready, comment)
            }
            await store.close()
        }
    }

    @Test func aFullDiskIsSaidInWordsAndTheSameCallsGoInOnceThereIsSpace() async throws {
        let name = "fault-\(UUID().uuidString)"
        let vfs = try #require(hs_fault_vfs_create(name))
        let scratch = try Scratch()
        let store = try CallStore(.init(folder: scratch.state, vfs: name))
        _ = try await store.commit([commit(1)])
        hs_fault_vfs_arm(vfs, 2, 1, 1, HS_FAULT_FULL)
        for _ in 0..<3 {
            await #expect { try await store.commit([commit(2)]) } throws: { error in
                guard let error = error as? StorageError else { return false }
                return error.code == .diskFull && error.isTransient && error.description.contains("free space")
            }
        }
        #expect(try await store.query.calls(matching: .init()).count == 1, "reading goes on")
        hs_fault_vfs_arm(vfs, 0, 0, 0, HS_FAULT_IOERR)
        #expect(try await store.commit([commit(2)]) == [.added])
        #expect(try await store.endpoints().map(\.ready) == [2])
        await store.close()
    }
}
