/// Decides whether a line that keeps coming is printed or counted: printed the first time, then at most once a window, with
/// the number that was held back meanwhile. A value: the clock is the caller's.
struct RepeatTally {
    /// What makes two lines the same: who speaks, what is said, and the values that name a thing rather than measure it.
    struct Key: Hashable {
        /// Who speaks.
        var component: String
        /// What is said.
        var message: String
        /// Values under the keys that name a thing, in order.
        var subject: [LogValue]
    }
    private struct Window {
        var openedAt: Int64
        var heldBack: Int
    }
    /// One minute: an operator who follows the log sees that it goes on, a full disk does not come from it.
    static let windowMicroseconds: Int64 = 60_000_000
    /// Different lines followed at once; at the limit the table starts anew, which prints some lines once more.
    static let capacity = 256

    private var windows: [Key: Window] = [:]

    /// - Returns: nil to hold the line back; else how many were held back since it was printed last.
    mutating func admit(_ key: Key, at now: Int64) -> Int? {
        if let window = windows[key], now - window.openedAt < RepeatTally.windowMicroseconds, now >= window.openedAt {
            windows[key] = Window(openedAt: window.openedAt, heldBack: window.heldBack + 1)
            return nil
        }
        if windows[key] == nil, windows.count >= RepeatTally.capacity { windows.removeAll(keepingCapacity: true) }
        return windows.updateValue(Window(openedAt: now, heldBack: 0), forKey: key)?.heldBack ?? 0
    }
}
