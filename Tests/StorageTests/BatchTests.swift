import Dispatch
import Telephony
import Testing

@testable import Storage

/// What shares a transaction, seen by holding the writer until all of it has arrived.
@Suite struct BatchTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// Keeps the writer's thread busy until `signal`.
    func hold(_ store: CallStore) async -> DispatchSemaphore {
        let gate = DispatchSemaphore(value: 0)
        await withCheckedContinuation { continuation in
            Task {
                try await store.writer.with { _ in
                    continuation.resume()
                    gate.wait()
                }
            }
        }
        return gate
    }

    @Test func whatArrivesDuringACommitSharesTheNext() async throws {
        let store = try CallStore(.init(folder: scratch.state))
        let gate = await hold(store)
        let before = store.writer.thread.queued
        #expect(before == 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for n in 0..<100 { group.addTask { _ = try await store.commit([commit(n)]) } }
            while store.writer.thread.queued < 200 { await Task.yield() }
            gate.signal()
            try await group.waitForAll()
        }
        let totals = await store.totals
        #expect(totals.commits == 1)
        #expect(totals.writes == 100)
        await store.close()
    }

    @Test func oneBadWriteHarmsNobodyItSharesATransactionWith() async throws {
        let store = try CallStore(.init(folder: scratch.state))
        let gate = await hold(store)
        let bad = StorageError(.statement, "a bug of the test's")
        async let first = store.commit([commit(1)])
        async let second: Void = store.write(weight: 1) { (ledger) throws(StorageError) in
            _ = try ledger.store(commit(7))
            throw bad
        }
        async let third = store.commit([commit(2), commit(3)])
        while store.writer.thread.queued < 7 { await Task.yield() }
        gate.signal()
        #expect(try await first == [.added])
        do {
            try await second
            Issue.record("the bad write was said to be done")
        } catch { #expect(error as? StorageError == bad) }
        #expect(try await third == [.added, .added])
        #expect(try await store.query.calls(matching: .init()).count == 3, "and of the bad one nothing is left")
        #expect(try await store.endpoints().map(\.ready) == [3])
        await store.close()
    }

    @Test func aFullQueueRefusesAtOnceAndWhatItHasIsWritten() async throws {
        let store = try CallStore(.init(folder: scratch.state))
        let gate = await hold(store)
        let size = DatabaseThread.weightLimit / 10
        await withTaskGroup(of: StorageError?.self) { group in
            for part in 0...10 {
                group.addTask {
                    do throws(StorageError) {
                        try await store.enqueue((0..<size).map { draft("\(part)/\($0)", call: "\(part)/\($0)") })
                        return nil
                    } catch { return error }
                }
            }
            // Only the refused one can answer while the writer is held.
            let refused = await group.next()
            #expect(refused??.code == .busy)
            #expect(refused??.isTransient == true)
            gate.signal()
            for await answer in group { #expect(answer == nil) }
        }
        #expect(try await store.endpoints().map(\.ready) == [DatabaseThread.weightLimit])
        await store.close()
    }
}
