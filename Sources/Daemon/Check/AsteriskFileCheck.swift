import Delivery

/// Looks through Asterisk's own files, where they are on this host, for what hides calls from the manager or mis-tells them.
struct AsteriskFileCheck {
    /// The folder of this Asterisk; need not be there.
    let files: AsteriskFiles
    /// Whose manager user is looked for in manager.conf, and whom the findings name.
    let pbx: Configuration.PBX
    /// The CDR and CEL files of this Asterisk, its section's own before those of `[backfill]`.
    let backfill: Configuration.Backfill
    /// Where Hookswitch's own FastAGI server listens; nil: nowhere.
    let fastAGIPort: UInt16?

    private var subject: String { "Asterisk's files of \(pbx.name)" }

    /// All that is to be said; one finding of `unknown` where the folder cannot be read.
    func findings() -> [Finding] {
        guard files.isThere else {
            return [
                Finding(
                    .unknown, subject,
                    "\(files.folder) cannot be read from here: classes, filters and CDR mapping were not looked at",
                    fix: "run check on the PBX itself, or set asterisk_conf in [pbx:\(pbx.name)]")
            ]
        }
        return manager() + cdr() + cel() + vicidial()
    }

    // MARK: manager.conf

    private func manager() -> [Finding] {
        guard let sections = files.sections("manager.conf") else {
            return [Finding(.unknown, subject, "manager.conf cannot be read by this user: classes were not looked at")]
        }
        var findings: [Finding] = []
        let general = sections.first { $0.name == "general" }
        if AsteriskFiles.isTrue(general?.value("timestampevents")) {
            findings.append(Finding(.ok, subject, "events carry their own time (timestampevents = yes)"))
        } else {
            findings.append(
                Finding(
                    .failure, subject,
                    "timestampevents is off: times are those of arrival, a slow network changes billsec",
                    fix: "manager.conf, [general]: timestampevents = yes; then: manager reload"))
        }
        findings += variables(general) + sessions(general)
        guard let user = sections.first(where: { $0.name == pbx.username }) else {
            findings.append(
                Finding(
                    .failure, subject, "manager.conf has no user [\(pbx.username)]",
                    fix:
                        "copy asterisk-conf/manager.d/hookswitch.conf to manager.d/ and set its secret; then: manager reload"
                ))
            return findings
        }
        return findings + classes(user) + filters(user)
    }

    private func variables(_ general: AsteriskFiles.Section?) -> [Finding] {
        let known = ConfigurationText.list(general?.value("channelvars") ?? "")
        let missing = (["MIXMONITOR_FILENAME"] + (pbx.variables ?? [])).filter { !known.contains($0) }
        guard !missing.isEmpty else { return [Finding(.ok, subject, "channelvars has all variables that are wanted")] }
        return [
            Finding(
                .failure, subject,
                "channelvars lacks \(missing.joined(separator: ", ")): "
                    + (missing.contains("MIXMONITOR_FILENAME")
                        ? "recordings are not found" : "they stay empty in records"),
                fix:
                    "manager.conf, [general]: channelvars = \((known + missing).joined(separator: ",")); then: manager reload"
            )
        ]
    }

    /// With one session a user, `check` and the daemon cannot be logged in together, nor the daemon again before Asterisk has
    /// noticed that its old connection is dead.
    private func sessions(_ general: AsteriskFiles.Section?) -> [Finding] {
        guard let value = general?.value("allowmultiplelogin"), !AsteriskFiles.isTrue(value) else { return [] }
        return [
            Finding(
                .warning, subject, "allowmultiplelogin is off: after a broken connection the next login may be refused",
                fix: "manager.conf, [general]: allowmultiplelogin = yes; then: manager reload")
        ]
    }

    private func classes(_ user: AsteriskFiles.Section) -> [Finding] {
        let read = ConfigurationText.list(user.value("read") ?? "").map { $0.lowercased() }
        let write = ConfigurationText.list(user.value("write") ?? "").map { $0.lowercased() }
        var findings: [Finding] = []
        let wanted: [(String, String, Finding.Level)] = [
            ("call", "no call is seen at all", .failure),
            ("agent", "who answered a queue's call is not known", .failure),
            ("cdr", "records lack accountcode and userfield, and a second witness", .warning),
            ("system", "a restart of Asterisk is seen late", .warning),
        ]
        for (name, effect, level) in wanted where !read.contains(name) && !read.contains("all") {
            findings.append(
                Finding(
                    level, subject, "user \(user.name) may not read class \(name): \(effect)",
                    fix: "manager.conf, [\(user.name)]: read = system,call,agent,cdr; then: manager reload"))
        }
        if !write.contains("reporting"), !write.contains("system"), !write.contains("all") {
            findings.append(
                Finding(
                    .failure, subject, "user \(user.name) may not list channels: calls are lost after a reconnect",
                    fix: "manager.conf, [\(user.name)]: write = reporting; then: manager reload"))
        }
        if findings.isEmpty { findings.append(Finding(.ok, subject, "user \(user.name) has the classes it needs")) }
        return findings
    }

    /// Events without which the fold cannot tell a call.
    private static let needed = [
        "Newchannel", "Newstate", "Hangup", "HangupRequest", "DialBegin", "DialEnd", "BridgeEnter", "BridgeLeave",
        "BlindTransfer", "AttendedTransfer", "QueueCallerJoin", "QueueCallerLeave", "AgentConnect", "MixMonitorStart",
        "OriginateResponse", "ParkedCall", "Pickup", "LocalBridge",
    ]

    /// What the filters do is tried on each kind: includes first, then excludes.
    private func filters(_ user: AsteriskFiles.Section) -> [Finding] {
        let filters = user.settings.filter { $0.key.lowercased().hasPrefix("eventfilter") }
            .compactMap { EventFilter(key: $0.key, value: $0.value) }
        guard !filters.isEmpty else { return [] }
        let includes = filters.filter { !$0.isExclude }
        let hidden = AsteriskFileCheck.needed.filter { event in
            filters.contains { $0.isExclude && $0.effect(on: event) != .nothing }
                || !includes.isEmpty && !includes.contains { $0.effect(on: event) == .all }
        }
        guard hidden.isEmpty else {
            return [
                Finding(
                    .failure, subject, "an eventfilter of \(user.name) hides \(hidden.joined(separator: ", "))",
                    fix:
                        "manager.conf, [\(user.name)]: use the eventfilter lines of asterisk-conf/manager.d/hookswitch.conf; "
                        + "then: manager reload")
            ]
        }
        return [Finding(.ok, subject, "the event filters of \(user.name) hide nothing that is needed")]
    }

    // MARK: CDR

    private func cdr() -> [Finding] {
        let general = files.sections("cdr.conf")?.first { $0.name == "general" }
        if let enable = general?.value("enable"), !AsteriskFiles.isTrue(enable) {
            return [
                Finding(
                    .warning, subject, "Asterisk keeps no CDRs: records have one witness less",
                    fix: "cdr.conf, [general]: enable = yes; then: module reload cdr")
            ]
        }
        guard let sections = files.sections("cdr_manager.conf"),
            AsteriskFiles.isTrue(sections.first(where: { $0.name == "general" })?.value("enabled"))
        else {
            return [
                Finding(
                    .warning, subject, "CDRs do not come to the manager: records have one witness less",
                    fix: "copy asterisk-conf/cdr_manager.conf to \(files.folder); then: module reload cdr_manager.so")
            ]
        }
        let mappings = sections.first { $0.name == "mappings" }
        guard mappings?.settings.contains(where: { $0.key.lowercased() == "linkedid" }) ?? false else {
            return [
                Finding(
                    .warning, subject, "CDRs come without the call's id: after a transfer they cannot be used",
                    fix: "cdr_manager.conf, [mappings]: linkedid => LinkedID; then: module reload cdr_manager.so")
            ]
        }
        var findings = [Finding(.ok, subject, "CDRs come to the manager with the call's id")]
        if let end = general?.value("endbeforehexten"), !AsteriskFiles.isTrue(end) {
            findings.append(
                Finding(
                    .warning, subject, "with endbeforehexten = no a hangup handler sees billsec 0 and NO ANSWER",
                    fix: "cdr.conf, [general]: endbeforehexten = yes; then: module reload cdr"))
        }
        return findings
    }

    // MARK: CEL, where calls that were missed are to be read from it

    /// Events without which a call cannot be rebuilt from CEL.
    private static let neededOfCEL = ["CHAN_START", "ANSWER", "BRIDGE_ENTER", "BRIDGE_EXIT", "HANGUP", "CHAN_END"]

    private func cel() -> [Finding] {
        guard let path = backfill.cel else { return [] }
        let sections = files.sections("cel.conf") ?? []
        let general = sections.first { $0.name == "general" }
        let reload = "; then: module reload cel"
        guard AsteriskFiles.isTrue(general?.value("enable")) else {
            return [
                Finding(
                    .failure, subject, "CEL is off, but [backfill] relies on it: calls of an outage stay lost",
                    fix: "cel.conf, [general]: enable = yes\(reload)")
            ]
        }
        // `ALL` and a repeated line add up (cel.c, parse_events).
        let events = (general?.values("events") ?? []).flatMap(ConfigurationText.list).map { $0.uppercased() }
        let missing = AsteriskFileCheck.neededOfCEL.filter { !events.contains($0) && !events.contains("ALL") }
        guard missing.isEmpty else {
            return [
                Finding(
                    .failure, subject,
                    "CEL leaves out \(missing.joined(separator: ", ")): no call can be rebuilt from it",
                    fix: "cel.conf, [general]: the events line of asterisk-conf/cel.conf\(reload)")
            ]
        }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let mappings = files.sections("cel_custom.conf")?.first { $0.name == "mappings" }
        guard mappings?.settings.contains(where: { $0.key == name }) ?? false else {
            return [
                Finding(
                    .failure, subject, "nothing writes \(path): cel_custom.conf has no \(name)",
                    fix: "cel_custom.conf, [mappings]: \(name) => the line of cel_custom.conf.sample; "
                        + "then: module reload cel_custom.so")
            ]
        }
        return [Finding(.ok, subject, "CEL goes to \(path) with what a call can be rebuilt from")]
    }

    // MARK: VICIdial

    private func vicidial() -> [Finding] {
        guard let sections = files.sections("extensions-vicidial.conf") else { return [] }
        var findings: [Finding] = []
        let lacking = sections.filter { section in
            let lines = section.settings.filter { $0.key.lowercased() == "exten" }.map(\.value)
            return !lines.isEmpty && !lines.contains { $0.hasPrefix("h,") }
                && !section.settings.contains { $0.key.lowercased() == "include" }
        }.map(\.name)
        if lacking.isEmpty {
            findings.append(Finding(.ok, "VICIdial", "its contexts have their h extension"))
        } else {
            findings.append(
                Finding(
                    .failure, "VICIdial",
                    "no h extension in \(lacking.prefix(5).joined(separator: ", ")): VICIdial loses the ends of calls",
                    fix:
                        "extensions-vicidial.conf, each context: exten => h,1,AGI(agi://127.0.0.1:4577/call_log--HVcauses--PRI-----NODEBUG-----${HANGUPCAUSE}-----${DIALSTATUS}-----${DIALEDTIME}-----${ANSWEREDTIME})"
                ))
        }
        if fastAGIPort == 4577 {
            findings.append(
                Finding(
                    .failure, "VICIdial", "[fastagi] listens on 4577, which is VICIdial's own server's port",
                    fix: "hookswitch.conf, [fastagi]: listen = 127.0.0.1:4573"))
        }
        return findings
    }
}
