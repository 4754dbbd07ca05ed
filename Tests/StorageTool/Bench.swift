import Glibc
import Storage
import Synchronization
import Telephony

/// The measurements behind the store's promises; run in release mode.
enum Bench {
    static func options(_ folder: String, log: Bool = true) -> CallStore.Options {
        CallStore.Options(
            folder: folder, callsLog: log ? CallsLogOptions(path: "\(folder)/calls.jsonl") : nil,
            report: { print("report: \($0)") })
    }
    static func seconds(_ start: ContinuousClock.Instant) -> Double {
        let d = ContinuousClock.now - start
        return Double(d.components.seconds) + Double(d.components.attoseconds) / 1e18
    }
    static func percentile(_ sorted: [Double], _ p: Double) -> Double {
        sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * p))]
    }
    /// Resident kilobytes, as the kernel counts them.
    static func resident() -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix("VmRSS:") { return Int(text.filter(\.isNumber)) ?? 0 }
        }
        return 0
    }
    static func cpu() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(
            usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    static func run(folder: String, calls: Int) async throws {
        let store = try CallStore(options(folder))
        let prepared = (0..<calls).map { Sample.commit($0, now: CallStore.wallClock()) }
        let attempt = Attempt(
            at: CallStore.wallClock(), duration: .milliseconds(1), status: 200, response: Array("ok".utf8))
        let (wake, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        store.whenReady { _ in bell.yield() }
        let start = ContinuousClock.now
        let cpuStart = cpu()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await withTaskGroup(of: Void.self) { inner in
                    for (i, commit) in prepared.enumerated() {
                        if i >= 256 { await inner.next() }
                        inner.addTask {
                            do { _ = try await store.commit([commit]) } catch { print(error) }
                        }
                    }
                }
            }
            group.addTask {
                await withTaskGroup(of: Void.self) { inner in
                    var done = 0
                    var ticks = wake.makeAsyncIterator()
                    while done < calls {
                        let now = CallStore.wallClock()
                        guard
                            let claim = try? await store.claim(
                                endpoint: "crm", limit: 64, now: now, lease: .seconds(30))
                        else { continue }
                        if claim.entries.isEmpty {
                            await ticks.next()
                            continue
                        }
                        done += claim.entries.count
                        let results = claim.entries.map {
                            AttemptResult(entry: $0.id, attempt: attempt, verdict: .delivered)
                        }
                        inner.addTask { try? await store.finish(results) }
                    }
                }
            }
        }
        let time = seconds(start)
        let size = prepared[0].recordJSON.count
        print(
            "calls \(calls) in \(time) s = \(Int(Double(calls) / time))/s; cpu \((cpu() - cpuStart) / Double(calls) * 1e6) us a call"
        )
        print("record \(size) bytes; \(await store.totals); resident \(resident()) KB")
        await store.close()
    }

    static func pace(folder: String, rate: Int, seconds: Int) async throws {
        let store = try CallStore(options(folder))
        let times = Mutex<[String: ContinuousClock.Instant]>([:])
        let (wake, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        store.whenReady { _ in bell.yield() }
        let total = rate * seconds
        let consumer = Task {
            var latencies: [Double] = []
            for await _ in wake {
                while true {
                    let now = CallStore.wallClock()
                    let claim = try await store.claim(
                        endpoint: "crm", limit: 16, now: now, lease: .seconds(30))
                    let end = ContinuousClock.now
                    if claim.entries.isEmpty { break }
                    for entry in claim.entries {
                        if let start = times.withLock({ $0[entry.callID] }) {
                            let d = end - start
                            latencies.append(
                                Double(d.components.attoseconds) / 1e15 + Double(d.components.seconds) * 1e3)
                        }
                    }
                    let results = claim.entries.map {
                        AttemptResult(
                            entry: $0.id, attempt: Attempt(at: now, duration: .milliseconds(1), status: 200),
                            verdict: .delivered)
                    }
                    Task { try await store.finish(results) }
                }
                if latencies.count >= total { break }
            }
            return latencies.sorted()
        }
        let start = ContinuousClock.now
        for i in 0..<total {
            try await Task.sleep(until: start + .microseconds(i * 1_000_000 / rate))
            let commit = Sample.commit(i, now: CallStore.wallClock())
            times.withLock { $0[commit.call.record.id] = .now }
            Task { try await store.commit([commit]) }
        }
        let sorted = try await consumer.value
        print(
            "\(rate)/s: p50 \(percentile(sorted, 0.5)) p99 \(percentile(sorted, 0.99)) p99.9 \(percentile(sorted, 0.999)) max \(sorted.last ?? 0) ms; cpu \(cpu()) s"
        )
        await store.close()
    }

    static func pending(folder: String, rows: Int) async throws {
        var store = try CallStore(options(folder, log: false))
        var start = ContinuousClock.now
        if try await store.endpoints().isEmpty {
            for chunk in stride(from: 0, to: rows, by: 1000) {
                let now = CallStore.wallClock()
                _ = try await store.commit((chunk..<min(chunk + 1000, rows)).map { Sample.commit($0, now: now) })
            }
            print("filled in \(seconds(start)) s, resident \(resident()) KB")
        }
        await store.close()
        start = .now
        store = try CallStore(options(folder, log: false))
        let now = CallStore.wallClock()
        var claim = try await store.claim(endpoint: "crm", limit: 4, now: now, lease: .seconds(60))
        print(
            "open and first claim \(seconds(start) * 1000) ms, \(claim.entries.count) entries, resident \(resident()) KB"
        )
        var claims: [Double] = []
        for _ in 0..<5000 {
            let now = CallStore.wallClock()
            start = .now
            claim = try await store.claim(endpoint: "crm", limit: 4, now: now, lease: .seconds(60))
            claims.append(seconds(start) * 1000)
            if claim.entries.isEmpty { break }
            try await store.finish(
                claim.entries.map {
                    AttemptResult(
                        entry: $0.id, attempt: Attempt(at: now, duration: .milliseconds(1), status: 200),
                        verdict: .delivered)
                })
        }
        claims.sort()
        print(
            "claim p50 \(percentile(claims, 0.5)) p99 \(percentile(claims, 0.99)) max \(claims.last ?? 0) ms, resident \(resident()) KB"
        )
        start = .now
        let list = try await store.query.deliveries(matching: DeliveryFilter(limit: 100))
        print("list \(list.count): \(seconds(start) * 1000) ms")
        start = .now
        let dead = try await store.query.deliveries(matching: DeliveryFilter(state: .dead, limit: 100))
        print("list dead \(dead.count): \(seconds(start) * 1000) ms")
        start = .now
        let endpoints = try await store.endpoints()
        print("endpoints: \(seconds(start) * 1000) ms \(endpoints)")
        start = .now
        let found = try await store.retry(ids: [list.first?.messageID ?? ""], now: now)
        print("retry by message id \(found): \(seconds(start) * 1000) ms; resident \(resident()) KB")
        await store.close()
    }
}
