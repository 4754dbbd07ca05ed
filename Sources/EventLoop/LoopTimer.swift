/// One pending call of `EventLoop.schedule`.
///
/// `@unchecked Sendable`: its fields are touched on the loop's thread only; `cancel` goes there by itself.
public final class LoopTimer: @unchecked Sendable {
    private unowned let loop: EventLoop
    /// What to call; nil once called or cancelled.
    var body: (@Sendable () -> Void)?
    /// Loop nanoseconds.
    var dueAt: UInt64 = 0
    /// Where it stands in the heap; -1 when it is not there.
    var index = -1

    /// Not yet pending: `EventLoop.schedule` gives it a time and a place.
    init(loop: EventLoop, body: @escaping @Sendable () -> Void) {
        self.loop = loop
        self.body = body
    }

    /// Makes sure the body will not be called any more. When called on the loop's thread that holds from this moment,
    /// from another thread soon after. Harmless when it has been called already.
    public func cancel() {
        loop.perform { [self] in
            body = nil
            loop.remove(self)
        }
    }
}
