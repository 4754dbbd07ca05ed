import Telephony

/// From the dialler's dispositions to the CRM's words, for each campaign.
///
/// **Shape** in the configuration: `disposition.SALE = Closed Won` for every campaign, `disposition.SPRING.SALE = Won`
/// for campaign `SPRING`. Statuses are matched without regard to case.
struct DispositionMap: Sendable, Hashable {
    /// By campaign (empty for all), then status, both in capitals.
    private var words: [String: [String: String]] = [:]

    /// Adds a word, in place of one the same status and campaign had. An empty `campaign` stands for every campaign.
    mutating func set(_ word: String, status: String, campaign: String) {
        words[campaign.uppercased(), default: [:]][status.uppercased()] = word
    }
    /// No `disposition.` line was read: the record's own words are sent, and nothing is ever unmapped.
    var isEmpty: Bool { words.isEmpty }

    /// The CRM's word; nil where the map has none.
    func word(for status: String, campaign: String?) -> String? {
        let status = status.uppercased()
        if let campaign, let word = words[campaign.uppercased()]?[status] { return word }
        return words[""]?[status]
    }

    /// What the call's disposition is called by who dispositioned it: the agent's choice where a dialler set one, else
    /// the record's own.
    static func status(of record: CallRecord) -> String {
        for name in ["dispo", "disposition", "status"] {
            if let value = record.variables[name], !value.isEmpty { return value }
        }
        return record.disposition.rawValue
    }
    /// The dialler's `campaign_id`, else its `campaign`, from the channel variables that the PBX's section copies; nil
    /// where neither has a value: the dialler's scripts leave the one that is not theirs empty.
    static func campaign(of record: CallRecord) -> String? {
        ["campaign_id", "campaign"].lazy.compactMap { record.variables[$0] }.first { !$0.isEmpty }
    }
    /// Status and campaign of a record the map has no word for; nil where it has one.
    func unmapped(in record: CallRecord) -> (status: String, campaign: String?)? {
        let (status, campaign) = (DispositionMap.status(of: record), DispositionMap.campaign(of: record))
        return word(for: status, campaign: campaign) == nil ? (status, campaign) : nil
    }
}
