import Telephony

/// Tells on a terminal how far a long reading is, from its second second on.
final class ProgressLine {
    private let console: Console
    private let path: String
    private let began: Instant
    private var shown: Instant?

    /// Begins to count time; nothing is shown yet. The path stands at the line's beginning.
    init(_ console: Console, _ path: String) {
        (self.console, self.path) = (console, path)
        began = console.now()
    }

    /// Shows `done` of `all` rows, at most twice a second; nothing where standard error is no terminal, or all are
    /// done.
    func show(_ done: Int, of all: Int) {
        guard console.showsProgress, done < all else { return }
        let now = console.now()
        guard now - began > .seconds(2), shown.map({ now - $0 > .milliseconds(500) }) ?? true else { return }
        shown = now
        console.writeError(Array("\r\(path): \(done) of \(all) rows".utf8))
    }

    /// Takes the line away.
    func clear() {
        if shown != nil { console.writeError(Array("\r\u{1B}[K".utf8)) }
        shown = nil
    }
}
