/// Asterisk's names and numbers of channel event types.
enum CELType {
    /// cel.h from 12 on.
    private static let names = [
        "ALL", "CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "PARK_START", "PARK_END",
        "BRIDGE_ENTER", "BRIDGE_EXIT", "USER_DEFINED", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD",
        "LINKEDID_END", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN", "STREAM_BEGIN", "STREAM_END", "DTMF",
    ]
    /// cel.h of 1.8 to 11.
    private static let oldNames = [
        "ALL", "CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "BRIDGE_START", "BRIDGE_END",
        "CONF_START", "CONF_END", "PARK_START", "PARK_END", "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER",
        "HOOKFLASH",
        "3WAY_START", "3WAY_END", "CONF_ENTER", "CONF_EXIT", "USER_DEFINED", "LINKEDID_END", "BRIDGE_UPDATE", "PICKUP",
        "FORWARD",
    ]
    private static let known = Set(names + oldNames).union(["MIXMONITOR_START", "MIXMONITOR_STOP"]).subtracting(["ALL"])

    /// A name of cel.h, or a number of it.
    static func isKnown(_ text: String) -> Bool {
        known.contains(text.uppercased()) || Int(text).map { $0 > 0 && $0 < oldNames.count } ?? false
    }
    /// Whether a number is one that only the old list has.
    static func isOld(_ text: String) -> Bool { Int(text).map { $0 >= 22 && $0 < oldNames.count } ?? false }

    /// The name of what a row calls its type: some back ends write the number.
    static func name(_ text: String, isOld: Bool) -> String {
        guard let number = Int(text) else { return text.uppercased() }
        let list = isOld ? oldNames : names
        return list.indices.contains(number) ? list[number] : text
    }
}
