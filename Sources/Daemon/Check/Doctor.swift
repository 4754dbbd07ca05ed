import Delivery
import Diagnostics
public import EventLoop
import FastAGI
import Glibc
import Storage
import Telephony

/// Looks for everything that could lose a call or tell it wrong, and says what to write where.
///
/// Nothing is changed by it, and no receiver gets a call that never was: webhooks are asked with `OPTIONS`.
public struct Doctor: Sendable {
    private let configuration: Configuration
    private let loop: EventLoop
    private let daemon: DaemonAccess

    /// Looks at nothing yet.
    /// - Parameter loop: must be running; manager, FastAGI and webhooks are asked on it.
    public init(_ configuration: Configuration, on loop: EventLoop) {
        (self.configuration, self.loop) = (configuration, loop)
        daemon = DaemonAccess(stateDirectory: configuration.general.stateDirectory)
    }

    /// Looks at everything, one part after another; receivers and CRMs are asked at once.
    /// - Parameters:
    ///   - found: called for each finding as it is made, in an order that is always the same.
    ///   - waiting: who has not answered yet, the first time after two seconds.
    public func run(_ found: (Finding) -> Void, waiting: ([String]) -> Void = { _ in }) async {
        for finding in configurationFindings() { found(finding) }
        for finding in await storeFindings() { found(finding) }
        for finding in OtherDaemons(configuration: configuration).findings() { found(finding) }
        for finding in fastAGIFindings() { found(finding) }
        for pbx in configuration.pbxs {
            for finding in await ManagerCheck(pbx, loop: loop).run() { found(finding) }
            if let folder = asteriskFolder(pbx) {
                var backfill = configuration.backfill
                backfill.cdr = pbx.cdr ?? backfill.cdr
                backfill.cel = pbx.cel ?? backfill.cel
                let check = AsteriskFileCheck(
                    files: AsteriskFiles(folder: folder), pbx: pbx, backfill: backfill,
                    fastAGIPort: configuration.fastAGI?.listen.port)
                for finding in check.findings() { found(finding) }
            }
        }
        for finding in recordingFindings() + backfillFindings() { found(finding) }
        for finding in await StoredCallsCheck(configuration: configuration, now: CallStore.wallClock()).findings() {
            found(finding)
        }
        await askReceivers(found, waiting: waiting)
    }

    /// Asks all at once, so that several that hang cost no more time than one.
    private func askReceivers(_ found: (Finding) -> Void, waiting: ([String]) -> Void) async {
        let subjects = configuration.endpoints.map { "webhook \($0.name)" } + configuration.lookups.map(\.title)
        var answers: [[Finding]?] = subjects.map { _ in nil }
        var told = 0
        var isLong = false
        // Without a number: two seconds are over.
        await withTaskGroup(of: (number: Int, findings: [Finding])?.self) { group in
            for (i, endpoint) in configuration.endpoints.enumerated() {
                group.addTask(executorPreference: loop) { (i, await webhookFindings(endpoint)) }
            }
            for (i, lookup) in configuration.lookups.enumerated() {
                let number = configuration.endpoints.count + i
                group.addTask(executorPreference: loop) { (number, [await lookupFinding(lookup)]) }
            }
            group.addTask(executorPreference: loop) { [loop] in
                try? await loop.sleep(for: .seconds(2))
                return nil
            }
            while told < subjects.count, let answer = await group.next() {
                if let answer { answers[answer.number] = answer.findings } else { isLong = true }
                while told < subjects.count, let findings = answers[told] {
                    for finding in findings { found(finding) }
                    told += 1
                }
                let left = subjects.indices.filter { answers[$0] == nil }
                if isLong, !left.isEmpty { waiting(left.map { subjects[$0] }) }
            }
            group.cancelAll()
        }
    }

    /// Asterisk's own files are looked for where it is on this host, or where the configuration says they are.
    private func asteriskFolder(_ pbx: Configuration.PBX) -> String? {
        if let folder = pbx.asteriskConfiguration { return folder }
        let isHere = pbx.ami.host == "localhost" || SocketAddress(ip: pbx.ami.host, port: 0)?.isLoopback ?? false
        return isHere ? "/etc/asterisk" : nil
    }

    // MARK: Our own side

    private func configurationFindings() -> [Finding] {
        var findings = [Finding(.ok, "configuration", "\(configuration.file) can be used")]
        var status = stat()
        if stat(configuration.file, &status) == 0, status.st_mode & 0o004 != 0 {
            findings.append(
                Finding(
                    .warning, "configuration", "everybody on this host can read it and the secrets in it",
                    fix: "chmod 640 \(configuration.file), and chgrp it to the daemon's group"))
        }
        for (place, path) in [("", configuration.file)] + namedFiles() {
            guard daemon.refusal(path, .read) == EACCES else { continue }
            findings.append(
                Finding(
                    .failure, "configuration",
                    "\(place)\(path): \(String(cString: strerror(EACCES))) for \(daemon.who)",
                    fix: "chgrp \(daemon.user?.group ?? getegid()) \(path) && chmod 640 \(path)"))
        }
        if configuration.endpoints.isEmpty {
            findings.append(
                Finding(
                    .warning, "configuration", "no webhook: records stay here",
                    fix: "hookswitch.conf: [webhook:NAME] with url = https://..."))
        }
        return findings
    }

    /// The files that the configuration refers to and that only their owner should read, each behind `[section] key: `.
    private func namedFiles() -> [(place: String, path: String)] {
        let keys = ["secret_file", "ca_file", "client_certificate", "client_key", "tls_ca"]
        return configuration.settings.sorted { $0.key < $1.key }.flatMap { title, settings in
            settings.compactMap { setting in
                let path = ConfigurationText.trimmed(setting[1])
                guard keys.contains(setting[0]), path.hasPrefix("/"), !path.contains("${") else { return nil }
                return ("[\(title)] \(setting[0]): ", path)
            }
        }
    }

    private func storeFindings() async -> [Finding] {
        let general = configuration.general
        let folder = general.stateDirectory
        var findings: [Finding] = []
        if access(general.databasePath, F_OK) == 0 {
            findings.append(await databaseFinding(folder))
            findings += await outboxFindings(folder)
        } else if daemon.refusal(folder, [.write, .execute]) == nil {
            findings.append(Finding(.ok, "state", "\(folder) is there and empty: no daemon has run yet"))
        } else {
            let isThere = access(folder, F_OK) == 0
            findings.append(
                Finding(
                    isThere ? .failure : .warning, "state",
                    isThere ? "\(folder) cannot be written by \(daemon.who)" : "\(folder) is not there yet",
                    fix: makeFolder(folder)))
        }
        if let room = DiskRoom(at: access(folder, F_OK) == 0 ? folder : "/") {
            let isLow = room.free < HealthWatch.lowDisk(room)
            findings.append(
                Finding(
                    isLow ? .failure : .ok, "disk", "\(room.free >> 20) MB are free for \(folder)",
                    fix: isLow ? "free some: calls wait in memory once it is full" : ""))
        }
        if let log = general.callsLog, let slash = log.lastIndex(of: "/") {
            let parent = String(log[..<slash])
            if daemon.refusal(parent, [.write, .execute]) != nil {
                findings.append(
                    Finding(
                        .warning, "calls log", "\(parent) cannot be written by \(daemon.who)",
                        fix: "\(makeFolder(parent)), or set calls_log"))
            }
        }
        if let command = general.alertCommand, let number = daemon.refusal(command, .execute) {
            findings.append(
                Finding(
                    .failure, "alert command", "\(command): \(String(cString: strerror(number))) for \(daemon.who)",
                    fix: number == EACCES
                        ? "chmod 755 \(command)" : "hookswitch.conf, [general]: alert_command = a program that is there"
                ))
        }
        if let wait = oldestSpoolFile(), wait > 600 {
            findings.append(
                Finding(
                    .failure, "spool", "the oldest file has waited \(wait / 60) min: no daemon takes them",
                    fix: "start the daemon; its user must be able to rename files in \(general.spoolDirectory)"))
        }
        return findings
    }

    private func databaseFinding(_ folder: String) async -> Finding {
        do throws(StorageError) {
            let store = try CallStore(.init(folder: folder))
            await store.close()
            return Finding(
                .warning, "daemon", "no daemon runs on \(folder)", fix: "systemctl start hookswitch, or hookswitch run")
        } catch {
            if error.code == .locked { return Finding(.ok, "daemon", "one runs on \(folder) (\(error.underlying))") }
            return Finding(.failure, "database", "\(error.context): \(error.underlying)", fix: error.hint)
        }
    }

    private func outboxFindings(_ folder: String) async -> [Finding] {
        guard let endpoints = try? await StoreReader(folder: folder).endpoints() else { return [] }
        let now = CallStore.wallClock()
        return endpoints.compactMap { endpoint in
            let subject = "webhook \(endpoint.name)"
            let waiting = endpoint.ready + endpoint.waiting
            guard configuration.endpoints.contains(where: { $0.name == endpoint.name }) else {
                guard waiting + endpoint.dead > 0 else { return nil }
                return Finding(
                    .warning, subject,
                    "is in the configuration no more; \(waiting) messages wait for it, \(endpoint.dead) are dead letters",
                    fix: "hookswitch.conf: with [webhook:\(endpoint.name)] they can be sent; without it they are kept")
            }
            if endpoint.condition != .active {
                return Finding(
                    .failure, subject,
                    "is \(endpoint.condition.rawValue) (\(endpoint.reason)); \(waiting) messages wait",
                    fix: "hookswitch deliveries resume \(endpoint.name)")
            }
            if endpoint.dead > 0 {
                return Finding(
                    .failure, subject, "\(endpoint.dead) dead letters",
                    fix:
                        "hookswitch deliveries --endpoint \(endpoint.name) --state dead, then: deliveries retry --endpoint \(endpoint.name)"
                )
            }
            guard let oldest = endpoint.oldestUnsettled, now - oldest > .seconds(3600) else { return nil }
            return Finding(
                .warning, subject, "the oldest message has waited \((now - oldest).components.seconds / 60) min",
                fix: "hookswitch deliveries --endpoint \(endpoint.name) shows why")
        }
    }

    private func oldestSpoolFile() -> Int? {
        let reader = SpoolReader(
            folder: configuration.general.spoolDirectory, logger: .silent, counters: CounterRegistry()
        ) { _ in }
        return reader.oldestAge(now: CallStore.wallClock())
    }

    private func fastAGIFindings() -> [Finding] {
        guard let settings = configuration.fastAGI else {
            return [
                Finding(
                    .warning, "FastAGI", "not served: with the manager connection down there is no second witness",
                    fix: "hookswitch.conf: [fastagi]")
            ]
        }
        do throws(EventLoopError) {
            try Listener.listen(on: settings.listen, loop: loop).close()
            return [Finding(.ok, "FastAGI", "\(settings.listen) is free")]
        } catch {
            guard error.code == .addressInUse else {
                return [Finding(.failure, "FastAGI", "\(error.operation): \(error.detail)", fix: error.hint)]
            }
            // The daemon itself has it, or somebody else: only where none runs is that a fault.
            if StateFolder.isOwned(configuration.general.stateDirectory) {
                return [Finding(.ok, "FastAGI", "\(settings.listen) is served")]
            }
            let other = OtherDaemons.running().first { $0.configuration?.fastAGI?.listen == settings.listen }
            return [
                Finding(
                    .failure, "FastAGI",
                    "\(settings.listen) is taken by "
                        + (other.map { "another Hookswitch, process \($0.id) (\($0.file))" } ?? "another program"),
                    fix:
                        "hookswitch.conf, [fastagi]: another listen address, and the same in extensions_hookswitch.conf"
                )
            ]
        }
    }

    private func recordingFindings() -> [Finding] {
        let settings = configuration.recordings
        let folder = settings.mountedAt ?? settings.directory
        guard let number = daemon.refusal(folder, [.read, .execute]) else {
            return [Finding(.ok, "recordings", "\(folder) can be read")]
        }
        // Where there is no such folder, no call may have been recorded yet.
        let isForbidden = number == EACCES
        let whom = isForbidden ? " for \(daemon.who)" : ""
        return [
            Finding(
                isForbidden ? .failure : .warning, "recordings",
                "\(folder): \(String(cString: strerror(number)))\(whom); every recording will be told as missing",
                fix: isForbidden
                    ? joinAsterisk
                    : "hookswitch.conf, [recordings]: directory as Asterisk sees it, mounted_at as this host does")
        ]
    }

    /// The command that lets the daemon read what Asterisk writes.
    private var joinAsterisk: String {
        "usermod -aG asterisk \(daemon.user?.name ?? "hookswitch"), then: systemctl restart hookswitch"
    }
    /// The command that makes a folder the daemon can write to.
    private func makeFolder(_ path: String) -> String { "install -d -o hookswitch -g hookswitch -m 750 \(path)" }

    private func backfillFindings() -> [Finding] {
        Backfill(configuration).sources.flatMap { source in
            [("cdr", source.cdr), ("cel", source.cel)].compactMap { key, path in
                guard let path, let number = daemon.refusal(path, .read) else { return nil }
                let section = source.pbx.map { "pbx:\($0)" } ?? "backfill"
                return Finding(
                    .failure, "backfill", "\(path): \(String(cString: strerror(number))); calls of an outage stay lost",
                    fix: number == EACCES
                        ? joinAsterisk
                        : "hookswitch.conf, [\(section)]: \(key) = the file that Asterisk writes")
            }
        }
    }

    // MARK: Whom the dialplan asks

    private func lookupFinding(_ lookup: LookupConfiguration) async -> Finding {
        let subject = lookup.title
        let budget = HookswitchRoutes.lookupBudget(of: configuration.fastAGI?.deadline ?? .seconds(3))
        let crm = CRMLookup(
            lookup, budget: budget, on: loop, version: Release.version, now: CallStore.wallClock, alerts: { _ in })
        let reach = await crm.reach()
        crm.close()
        let section = "hookswitch.conf, [\(subject)]"
        if let error = reach.error {
            return Finding(
                .warning, subject, "no answer (\(error)): \(reach.detail); HOOKSWITCH_LOOKUP will be ERROR",
                fix: reach.certificateFault?.advice(section: section) ?? reach.proxyFault?.advice(section: section)
                    ?? "\(section): url, and what lies between; calls go on without it")
        }
        if reach.status == 401 || reach.status == 403 {
            return Finding(
                .warning, subject, "answers \(reach.status ?? 0): it does not take our credentials",
                fix: "\(section): bearer, header.Authorization or oauth2_...")
        }
        return Finding(
            .ok, subject, "its host answers (\(reach.status ?? 0)) after \(reach.duration.wholeMilliseconds) ms")
    }

    // MARK: The receivers

    private func webhookFindings(_ endpoint: EndpointConfiguration) async -> [Finding] {
        let subject = "webhook \(endpoint.name)"
        let section = "hookswitch.conf, [webhook:\(endpoint.name)]"
        guard endpoint.isEnabled else {
            return [
                Finding(
                    .warning, subject, "is switched off: it is told of nothing",
                    fix: "\(section): enabled = yes, or leave the section out")
            ]
        }
        var findings: [Finding] = []
        if endpoint.secrets.isEmpty {
            findings.append(
                Finding(
                    .warning, subject, "is not signed: the receiver cannot tell who sends",
                    fix: "\(section): secret = whsec_... (openssl rand -base64 24)"))
        }
        let outcome = await DeliveryProbe(endpoint, version: Release.version).reach(on: loop, now: CallStore.wallClock)
        let milliseconds = outcome.attempt.duration.wholeMilliseconds
        let isBroken = outcome.attempt.error.flatMap { TransportFailure(rawValue: $0) } != nil
        guard let status = outcome.attempt.status, !isBroken else {
            let error = outcome.attempt.error ?? "other"
            let fix =
                switch error {
                case "name_lookup":
                    "\(section): url names a host that has no address; check the name and /etc/resolv.conf"
                case "tls":
                    outcome.certificateFault?.advice(section: section)
                        ?? "\(section): no TLS can be agreed; is it https that listens at that port?"
                case "proxy": outcome.proxyFault?.advice(section: section) ?? "\(section): proxy"
                case "connection_refused": "nobody listens there: start the receiver, or correct url"
                case "timeout": "no answer within the timeout: the receiver or a firewall holds it up"
                case "connection_lost": "the receiver ended the connection before its answer was whole: see its log"
                case "token": "\(section): oauth2_token_url, oauth2_client_id and oauth2_client_secret"
                case "address_not_allowed": "\(section): allow does not cover the address the name has"
                default: "try: hookswitch test-webhook \(endpoint.name)"
                }
            return findings + [Finding(.failure, subject, "no answer (\(error)): \(outcome.detail)", fix: fix)]
        }
        switch status {
        case 401, 403:
            findings.append(
                Finding(
                    .failure, subject, "answers \(status): it does not take our credentials",
                    fix: "\(section): header.Authorization or bearer; then: hookswitch test-webhook \(endpoint.name)"))
        case 404:
            findings.append(
                Finding(.failure, subject, "answers 404: there is nothing at that path", fix: "\(section): url"))
        case 410:
            findings.append(
                Finding(
                    .failure, subject, "answers 410: it wants no more, and a delivery answered so disables it",
                    fix: "\(section): url, or leave the section out"))
        case 300..<400:
            findings.append(
                Finding(
                    .failure, subject, "answers \(status): a redirect, which is never followed",
                    fix: "\(section): url = the address it leads to"))
        case 429:
            findings.append(
                Finding(
                    .warning, subject, "answers 429: it is asked too often", fix: "\(section): rate = 10/s, or less"))
        // 501, like 405, speaks of the method asked with, which is not that of deliveries.
        case 500... where status != 501:
            findings.append(
                Finding(
                    .warning, subject, "answers \(status)",
                    fix: "the receiver is in trouble; then: hookswitch test-webhook \(endpoint.name)"))
        default:
            findings.append(Finding(.ok, subject, "answers (\(status)) after \(milliseconds) ms"))
        }
        if outcome.attempt.duration > endpoint.timeout / 2 {
            findings.append(
                Finding(
                    .warning, subject,
                    "took \(milliseconds) ms of \(endpoint.timeout) it has: deliveries will time out",
                    fix: "\(section): timeout, or make the receiver answer before it works"))
        }
        return findings
    }
}
