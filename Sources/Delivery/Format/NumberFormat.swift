/// How numbers are written: as dialled, or in E.164.
struct NumberFormat: Sendable, Hashable {
    enum Style: String, Sendable, CaseIterable { case dialled, e164 }
    var style: Style = .dialled
    /// Digits of the country, without a plus; nil leaves national numbers as dialled.
    var countryCode: String?
    /// Dialled before a national number, and dropped: `0` in most of the world, empty in North America.
    var nationalPrefix = "0"
    /// Dialled before a country code: `00`, `011`.
    var internationalPrefix = "00"
    /// Numbers of up to this many digits are extensions and stay as they are.
    var longestInternal = 6

    /// The number as this endpoint wants it.
    func written(_ number: String?) -> String? { style == .e164 ? number.map(e164) : number }

    /// `+` and country code and national number; the text as it is where it is no public number.
    func e164(_ text: String) -> String {
        // A `+` that went through a query came out as a blank.
        let isInternational = text.hasPrefix("+") || text.hasPrefix(" ")
        var digits = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "0"..."9": digits.unicodeScalars.append(scalar)
            case " ", "+", "-", "(", ")", ".", "/": break
            default: return text
            }
        }
        if isInternational { return digits.isEmpty ? text : "+" + digits }
        if digits.utf8.count <= longestInternal { return text }
        if !internationalPrefix.isEmpty, digits.hasPrefix(internationalPrefix) {
            return "+" + digits.dropFirst(internationalPrefix.count)
        }
        guard let countryCode else { return text }
        if !nationalPrefix.isEmpty, digits.hasPrefix(nationalPrefix) {
            return "+" + countryCode + digits.dropFirst(nationalPrefix.count)
        }
        // Dialled with the country code already, as many trunks present it.
        if digits.hasPrefix(countryCode), digits.utf8.count > 10 { return "+" + digits }
        return "+" + countryCode + digits
    }
}
