import Glibc
import Synchronization
import Telephony

/// Where a verb writes, and what it may assume about the reader.
///
/// In the program: the process's standard streams. In tests: memory, a fixed width, zone and clock.
struct Console: Sendable {
    /// Takes bytes for standard output. False when nobody reads them any more.
    let write: @Sendable ([UInt8]) -> Bool
    /// Takes bytes for standard error; whether anybody reads them does not matter.
    let writeError: @Sendable ([UInt8]) -> Void
    /// Columns a table may take.
    let width: Int
    /// Standard output is a terminal: `replay` draws a table there instead of JSON Lines, `check` breaks long lines.
    let isTerminal: Bool
    /// Standard error is a terminal: somebody may want to know how far something long is.
    var showsProgress = false
    /// `paint` colours: on a terminal, unless `NO_COLOR` forbids it.
    let usesColour: Bool
    /// What times are shown in, and read in where they name no zone.
    let zone: LocalTime
    /// The clock that `2h` counts back from.
    let now: @Sendable () -> Instant

    /// Writes a line to standard output.
    @discardableResult
    func line(_ text: String) -> Bool { write(Array(text.utf8) + [0x0A]) }
    /// Writes `hookswitch: text` to standard error.
    func complain(_ text: String) { writeError(Array("hookswitch: \(text)\n".utf8)) }

    /// Writes what is wrong with lines that could not be read: of the first twenty, and how many more there are.
    /// - Parameter file: stands before that number.
    func complain(ofLines problems: some Collection<String>, in file: String? = nil) {
        let most = 20
        for problem in problems.prefix(most) { complain(problem) }
        if problems.count > most {
            complain("\(file.map { "\($0): " } ?? "")\(problems.count - most) more lines could not be read")
        }
    }

    /// The text in a colour, where colours are wanted.
    func paint(_ colour: Colour, _ text: String) -> String {
        usesColour ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }
    /// SGR parameters.
    enum Colour: String {
        /// Headings, and what no other colour fits.
        case bold = "1"
        /// What is there for copying (ids), and what could not be found out.
        case dim = "2"
        /// Failed, dead, at fault.
        case red = "31"
        /// As it should be: answered, delivered.
        case green = "32"
        /// Not there yet, or not quite: waiting, unanswered, a warning.
        case yellow = "33"
        /// Why a field says what it says.
        case cyan = "36"
    }

    /// Columns where there is no terminal to ask.
    static let defaultWidth = 100

    /// The process's own streams.
    static func process() -> Console {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var width = defaultWidth
        if isTerminal {
            var size = winsize()
            if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 { width = Int(size.ws_col) }
        }
        // no-color.org: any value but the empty one.
        let isColourRefused =
            getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
            || getenv("TERM").map { String(cString: $0) == "dumb" } ?? false
        return Console(
            write: { writeAll($0, to: STDOUT_FILENO) }, writeError: { _ = writeAll($0, to: STDERR_FILENO) },
            width: width, isTerminal: isTerminal, showsProgress: isatty(STDERR_FILENO) == 1,
            usesColour: isTerminal && !isColourRefused, zone: .process,
            now: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
            })
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }
}
