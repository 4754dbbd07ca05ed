public import Telephony

/// The block of `agi_name: value` lines with which Asterisk opens a session, read but not taken apart: a name is looked
/// up when it is asked for, so that a session that needs two of 24 values makes two strings.
///
/// **Shape**: lines ended by LF, then an empty one.
/// ```
/// agi_network: yes
/// agi_network_script: call-complete?role=caller
/// agi_channel: PJSIP/trunk-00000011
/// agi_uniqueid: 1795227945.26
/// agi_arg_1: dialstatus=ANSWER
///
/// ```
/// **Trust**: Asterisk writes caller ids raw, and a stranger can put line ends into one over SIP. A forged line comes after
/// the real `agi_channel`, `agi_uniqueid` and `agi_request`, so of a repeated name the first value counts, and
/// `isDamaged` says that something was wrong.
///
/// **Source**: `setup_env` in res_agi.c, the same in Asterisk 11 to 22.
public struct AGIEnvironment: Sendable {
    /// The block as it came, without the empty line.
    public let bytes: [UInt8]
    /// Where names and values lie in `bytes`.
    private let lines: [Line]
    /// A name came twice, or a line has not the form `agi_name: value`.
    public let isDamaged: Bool

    /// One line's places in `bytes`: its name from `start` to `nameEnd`, `agi_` included, its value from `valueStart` to `end`.
    struct Line: Sendable {
        var start: Int32
        /// Of the colon.
        var nameEnd: Int32
        var valueStart: Int32
        var end: Int32
    }

    /// - Parameter lines: in order; all their places lie within `bytes`.
    init(bytes: [UInt8], lines: [Line], isDamaged: Bool) {
        (self.bytes, self.lines, self.isDamaged) = (bytes, lines, isDamaged)
    }

    /// The value of the first line of that name, whether empty or the word `unknown`; nil where there is none.
    ///
    /// `name` is without `agi_`: `uniqueid`, `callerid`, `arg_1`.
    /// - Complexity: linear in the number of lines.
    public subscript(name: StaticString) -> String? {
        line(named: name).map(text)
    }
    /// The same for a name that is not known before the program runs, as one from a template.
    public subscript(name: String) -> String? {
        for line in lines where bytes[Int(line.start) + 4..<Int(line.nameEnd)].elementsEqual(name.utf8) {
            return text(line)
        }
        return nil
    }

    /// The value, or nil where Asterisk has none: it writes `unknown`, or nothing.
    public func known(_ name: StaticString) -> String? {
        guard let value = self[name], !value.isEmpty, value != "unknown" else { return nil }
        return value
    }

    /// The bytes of a value, as they came.
    public func raw(_ name: StaticString) -> ArraySlice<UInt8>? {
        line(named: name).map { bytes[Int($0.valueStart)..<Int($0.end)] }
    }

    /// `agi_arg_1`, `agi_arg_2`, …: what followed the request in the dialplan's `AGI(request,first,second)`, up to the
    /// first number that is missing.
    public var arguments: [String] { rawArguments.map(AGIText.string) }

    /// The same as bytes.
    public var rawArguments: [ArraySlice<UInt8>] {
        var found: [ArraySlice<UInt8>] = []
        // They come last and in order, so one pass is enough; a line out of order ends it, as a missing number does.
        for line in lines {
            let name = bytes[Int(line.start)..<Int(line.nameEnd)]
            guard name.count > 8, name.starts(with: "agi_arg_".utf8) else { continue }
            guard name.dropFirst(8).elementsEqual(String(found.count + 1).utf8) else { break }
            found.append(bytes[Int(line.valueStart)..<Int(line.end)])
        }
        return found
    }

    /// `agi_channel`, printable; empty where it is missing.
    public var channel: ChannelName { ChannelName(printable(self["channel"] ?? "")) }
    /// `agi_uniqueid`, printable; the empty id where it is missing.
    public var uniqueID: UniqueID { UniqueID(printable(self["uniqueid"] ?? "")) }

    /// All names and values in their order, for a person to read.
    public var all: [(name: String, value: String)] {
        lines.map { (AGIText.string(bytes[Int($0.start)..<Int($0.nameEnd)]), text($0)) }
    }

    private func line(named name: StaticString) -> Line? {
        let length = name.utf8CodeUnitCount
        next: for line in lines where Int(line.nameEnd - line.start) == length + 4 {
            let start = Int(line.start) + 4
            for i in 0..<length where unsafe bytes[start + i] != name.utf8Start[i] { continue next }
            return line
        }
        return nil
    }
    private func text(_ line: Line) -> String { AGIText.string(bytes[Int(line.valueStart)..<Int(line.end)]) }
}
