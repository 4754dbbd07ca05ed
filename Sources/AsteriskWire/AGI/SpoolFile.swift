public import Telephony

/// One request that a script of `agi-bin/` left on disk because no daemon was there.
///
/// **Shape**: the AGI environment exactly as Asterisk gave it to the script, between two lines of the script's own. The
/// dialplan's request comes as the script's first argument, the values after it.
/// ```
/// hookswitch-spool 1 1795227948
/// agi_request: hookswitch-spool
/// agi_channel: PJSIP/trunk-00000011
/// agi_uniqueid: 1795227945.26
/// …
/// agi_arg_1: call-complete?role=caller
/// agi_arg_2: dialstatus=ANSWER
///
/// end
/// ```
/// The number in the first line is the epoch second in which the script ran. Files are written under another name and
/// renamed when whole; one without its `end` was cut by a crash or a full disk.
public struct SpoolFile: Sendable {
    /// When the script ran, to the second.
    public let receivedAt: Instant
    /// What Asterisk gave the script.
    public let environment: AGIEnvironment
    /// The request in the script's first argument.
    public let request: AGIRequest

    /// Reads a whole file.
    /// - Throws: `notASpoolFile` with the offset of what is wrong, or the environment's codes.
    public init(_ bytes: [UInt8], limits: AGILimits = AGILimits()) throws(AGIError) {
        let header = Array("hookswitch-spool 1 ".utf8)
        guard bytes.starts(with: header), let lineEnd = bytes.firstIndex(of: UInt8(ascii: "\n")),
            lineEnd > header.count, lineEnd - header.count <= 12,
            let seconds = Int64(String(decoding: bytes[header.count..<lineEnd], as: UTF8.self)), seconds > 0
        else { throw AGIError(.notASpoolFile) }
        let trailer = Array("end\n".utf8)
        guard bytes.count > lineEnd + trailer.count, bytes.suffix(trailer.count).elementsEqual(trailer) else {
            throw AGIError(.notASpoolFile, at: bytes.count)
        }
        let block = bytes[(lineEnd + 1)..<(bytes.count - trailer.count)]
        var decoder = AGIDecoder(limits: limits)
        decoder.append(block)
        guard let environment = try decoder.nextEnvironment(), decoder.pendingBytes == 0 else {
            throw AGIError(.notASpoolFile, at: bytes.count - trailer.count)
        }
        receivedAt = Instant(seconds: seconds)
        self.environment = environment
        request = AGIRequest(parsing: environment.rawArguments.first ?? [])
    }

    /// What it tells of a call; nil where it is a request of another kind.
    public var witness: InsideWitness? {
        let occasion: InsideWitness.Occasion
        switch request.path {
        case "call-complete": occasion = .hangup
        case "tag": occasion = .tag
        default: return nil
        }
        return InsideWitness(environment, request, occasion: occasion, path: .spool, receivedAt: receivedAt)
    }
}
