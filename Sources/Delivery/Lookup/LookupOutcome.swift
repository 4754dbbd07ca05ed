import Telephony

/// What a lookup came to.
public enum LookupOutcome: Sendable, Equatable {
    /// Every variable that has a value or a default.
    case found([LookupConfiguration.Variable])
    /// 204, 404, 410, an empty answer, or one without what `found` names (without any value, where the section has no
    /// `found`).
    case notFound
    /// The CRM did not answer in time.
    case late
    /// The CRM could not be asked, or its answer not be used; in words.
    case failed(String)
}

extension LookupOutcome {
    /// What an answer means to the dialplan, as the section says: a function of nothing else.
    init(_ response: HTTPResponse, for configuration: LookupConfiguration) {
        switch response.outcome {
        case .failed(.timeout): self = .late
        case .failed(let failure): self = .failed("\(failure.rawValue): \(response.detail)")
        case .answered(204, _), .answered(404, _), .answered(410, _): self = .notFound
        case .answered(200..<300, _): self.init(body: response.body, for: configuration)
        case .answered(let status, _): self = .failed("the CRM answered \(status)")
        }
    }

    private init(body: [UInt8], for configuration: LookupConfiguration) {
        guard body.count < EndpointTransport.longAnswer else {
            self = .failed("an answer of more than 64 KiB")
            return
        }
        guard body.contains(where: { $0 != 0x20 && !(9...13).contains($0) }) else {
            self = .notFound
            return
        }
        let json: JSONValue
        do throws(JSONValue.ParseError) { json = try JSONValue(parsing: body) } catch {
            self = .failed("\(error)")
            return
        }
        var variables: [LookupConfiguration.Variable] = []
        var hasValue = false
        for mapping in configuration.mappings {
            let value = mapping.path.flatMap { $0.text(in: json) }
            if let value, !value.isEmpty { hasValue = true }
            if let value = value ?? mapping.fallback { variables.append(.init(mapping.name, value)) }
        }
        let isFound = configuration.found.map { $0.isAffirmed(in: json) } ?? hasValue
        self = isFound ? .found(variables) : .notFound
    }
}
