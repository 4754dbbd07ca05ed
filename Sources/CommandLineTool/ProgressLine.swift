import Telephony

/// Tells on a terminal how far something long is.
final class ProgressLine {
    private let console: Console
    private let subject: String
    private let began: Instant
    private var shown: Instant?

    /// Begins to count time; nothing is shown yet. The subject, as a file's path, stands at the line's beginning.
    init(_ console: Console, _ subject: String) {
        (self.console, self.subject) = (console, subject)
        began = console.now()
    }

    /// Shows words in place of what stands there, at once; nothing where standard error is no terminal.
    func show(_ words: String) {
        guard console.showsProgress else { return }
        shown = console.now()
        console.writeError(Array("\r\u{1B}[K\(subject): \(words)".utf8))
    }

    /// Shows `done` of `all` rows from the second second on, at most twice a second; nothing where standard error is no terminal, or
    /// all are done.
    func show(_ done: Int, of all: Int) {
        guard console.showsProgress, done < all else { return }
        let now = console.now()
        guard now - began > .seconds(2), shown.map({ now - $0 > .milliseconds(500) }) ?? true else { return }
        shown = now
        console.writeError(Array("\r\(subject): \(done) of \(all) rows".utf8))
    }

    /// Takes the line away.
    func clear() {
        if shown != nil { console.writeError(Array("\r\u{1B}[K".utf8)) }
        shown = nil
    }
}
