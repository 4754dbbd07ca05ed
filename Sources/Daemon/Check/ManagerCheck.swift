import AMI
import Diagnostics
import EventLoop
import Storage
import Telephony

/// Logs in to one Asterisk as the daemon would, and asks what it may and what it hears.
final class ManagerCheck: @unchecked Sendable {
    private let pbx: Configuration.PBX
    private let loop: EventLoop
    private var findings: [Finding] = []
    private var hasBooted = false
    private var isAnswered = false

    /// Connects to nothing yet. For one `run`: findings are gathered in here.
    init(_ pbx: Configuration.PBX, loop: EventLoop) { (self.pbx, self.loop) = (pbx, loop) }

    private var subject: String { "manager \(pbx.name)" }

    /// What was found. Takes as long as the login and a list of channels take, and at most the client's deadlines.
    func run() async -> [Finding] {
        let client = AMIClient(pbx.amiConfiguration, on: loop)
        let handler = AMIHandler(report: { [self] in take($0, client) })
        let session = Task(name: "check-\(pbx.name)", executorPreference: loop) { await client.runOnce(handler) }
        if await client.loggedIn() { await ask(client) }
        _ = await session.value
        return findings
    }

    private func note(_ level: Finding.Level, _ text: String, fix: String = "") {
        findings.append(Finding(level, subject, text, fix: fix))
    }

    private func take(_ report: AMIReport, _ client: AMIClient) {
        switch report {
        case .loggedIn(let version): note(.ok, "logged in at \(pbx.ami), manager \(version)")
        case .fullyBooted: hasBooted = true
        case .server(let server): judge(server)
        case .resyncEnded(let failures):
            if !hasBooted {
                note(
                    .warning, "no FullyBooted after the login: class system is missing, or Asterisk is starting",
                    fix: "manager.conf, [\(pbx.username)]: read = system,call,agent,cdr; then: manager reload")
            }
            // One right that is missing refuses several actions: one line for it.
            for hint in failures.map(\.hint).reduce(into: [String](), { if !$0.contains($1) { $0.append($1) } }) {
                let those = failures.filter { $0.hint == hint }
                note(
                    .failure, "cannot \(those.map(\.operation).joined(separator: ", ")): \(those[0].detail)", fix: hint)
            }
            if failures.isEmpty { note(.ok, "live channels can be listed") }
            isAnswered = true
            client.stop()
        case .lost(let error, _, _):
            if !isAnswered { note(.failure, "cannot \(error.operation): \(error.detail)", fix: error.hint) }
        case .connecting, .resyncBegan: break
        }
    }

    /// 11 to 22 are what is supported.
    private func judge(_ server: AMIServer) {
        let version = server.asteriskVersion
        guard !version.isEmpty else {
            return note(.unknown, "Asterisk's version may not be asked for (write = reporting would allow it)")
        }
        // `certified/18.9-cert5` and FreePBX's `18.16.0` alike.
        let digits = version.drop { !$0.isNumber }.prefix { $0.isNumber }
        guard let major = Int(digits), (11...22).contains(major) else {
            return note(.warning, "Asterisk \(version) is none of the versions 11 to 22 that are supported")
        }
        note(.ok, "Asterisk \(version)")
    }

    private func ask(_ client: AMIClient) async {
        do throws(AMIError) {
            let before = CallStore.wallClock()
            let pong = try await client.send(.ping, deadline: .seconds(5))
            let after = CallStore.wallClock()
            guard let text = pong["Timestamp"], let epoch = Double(text) else { return }
            let there = Instant(microseconds: Int64(epoch * 1_000_000))
            let skew = there < before ? before - there : there > after ? there - after : .zero
            let milliseconds = skew.wholeMilliseconds
            if milliseconds > 1000 {
                note(
                    .warning, "its clock differs from ours by \(milliseconds) ms: times in records are Asterisk's",
                    fix: "run chrony or systemd-timesyncd on both hosts")
            } else {
                note(.ok, "its clock agrees with ours within \(max(1, milliseconds)) ms")
            }
        } catch {
            note(.warning, "no answer to a Ping: \(error.detail)", fix: error.hint)
        }
    }
}
