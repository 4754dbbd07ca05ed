import AsteriskWire

/// What is asked of Asterisk after a login, step by step, as a value: who are you, which channels live. The channels come
/// as list items to the handler; `Status` first, since it knows when each was answered, `CoreShowChannels` last, since
/// its end is the mark that everything has been told.
struct AMIResync {
    /// What to do now.
    enum Step {
        /// Tell the handler, then go on at once.
        case report(AMIReport)
        /// Send it, and go on when it was answered, whatever the answer.
        case send(AMIAction)
        /// Nothing is left.
        case done
    }

    private var steps: [Step]
    private var server: AMIServer
    private var failures: [AMIError] = []

    /// Nothing sent yet; `managerVersion` is the greeting's.
    init(configuration: AMIConfiguration, managerVersion: String) {
        server = AMIServer(managerVersion: managerVersion)
        steps = [
            .send(AMIAction("CoreSettings")), .send(AMIAction("CoreStatus")), .report(.server(server)),
            .report(.resyncBegan), .send(.status(variables: configuration.resyncVariables)), .send(.coreShowChannels),
            .report(.resyncEnded(failures: [])), .done,
        ]
    }

    /// The next step; nil when all are done. Reports are filled in with what has been learned by then.
    mutating func next() -> Step? {
        guard !steps.isEmpty else { return nil }
        switch steps.removeFirst() {
        case .report(.server): return .report(.server(server))
        case .report(.resyncEnded): return .report(.resyncEnded(failures: failures))
        case let step: return step
        }
    }

    /// An action of this resync was answered.
    mutating func finished(_ action: AMIAction, _ result: Result<AMIResponse, AMIError>) {
        switch result {
        case .success(let response):
            switch action.name {
            case "CoreSettings":
                server.asteriskVersion = response["AsteriskVersion"] ?? ""
                server.systemName = response["SystemName"] ?? ""
            case "CoreStatus":
                if let date = response["CoreStartupDate"], let time = response["CoreStartupTime"] {
                    server.startedAt = "\(date) \(time)"
                }
                server.currentCalls = response["CoreCurrentCalls"].flatMap { Int($0) }
            default: break
            }
        case .failure(let error):
            // Not knowing the version hurts nobody; not knowing the channels does.
            if action.isList || error.code != .permissionMissing { failures.append(error) }
        }
    }
}
