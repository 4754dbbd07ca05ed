/// How numbers are written: as dialled, or in E.164.
struct NumberFormat: Sendable, Hashable {
    /// `dialled`: as Asterisk had it. `e164`: with plus and country code where that can be told.
    enum Style: String, Sendable, CaseIterable { case dialled, e164 }
    /// What `written` does; `e164` can be had with either.
    var style: Style = .dialled
    /// Digits of the country, without a plus; nil leaves national numbers as dialled.
    var countryCode: String?
    /// Dialled before a national number, and dropped: `0` in most of the world, empty in North America.
    var nationalPrefix = "0"
    /// Dialled before a country code: `00`, `011`.
    var internationalPrefix = "00"
    /// Digits of the country's longest number, without its prefix; nil: what is known of the country.
    var nationalDigits: Int?
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
        // With the country code already, as many trunks present it: only what is too long for a number of the country. An Indian
        // mobile number may begin with 91, a Danish one with 45.
        let known = nationalDigits ?? NumberFormat.longestNational[countryCode]
        guard digits.utf8.count > known ?? 10 else { return "+" + countryCode + digits }
        if digits.hasPrefix(countryCode) { return "+" + digits }
        // Of another country, or with a digit for the outside line before it: which, nothing tells.
        return known == nil ? "+" + countryCode + digits : text
    }

    /// Digits of the longest national number by country code, where that is not ten.
    ///
    /// **Source**: the national numbering plans that ITU-T E.164 refers to; numbers for machines and for services are left out.
    private static let longestNational: [String: Int] = {
        let codes: [(digits: Int, codes: String)] = [
            (7, "960"),
            (8, "45 47 65 216 356 357 370 371 372 373 386 502 503 504 505 506 507 591 598 852 853 965 968 973 974"),
            (9, "27 31 32 33 34 36 40 41 48 51 56 61 66 94 212 213 221 233 251 254 255 256 351 380 385 420 421"),
            (9, "593 855 886 966 971 972"), (11, "55"),
        ]
        var table: [String: Int] = [:]
        for (digits, codes) in codes { for code in codes.split(separator: " ") { table[String(code)] = digits } }
        return table
    }()
}
