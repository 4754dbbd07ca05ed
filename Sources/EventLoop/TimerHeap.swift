/// The pending timers, the earliest at the top: a binary heap whose entries know their place.
struct TimerHeap {
    private var entries: [LoopTimer] = []

    /// The earliest; nil: none is pending.
    var first: LoopTimer? { entries.first }
    /// Timers pending.
    var count: Int { entries.count }

    /// - Complexity: O(log n).
    mutating func insert(_ timer: LoopTimer) {
        timer.index = entries.count
        entries.append(timer)
        rise(timer.index)
    }

    /// Takes a timer out; does nothing when it is not in.
    /// - Complexity: O(log n).
    mutating func remove(_ timer: LoopTimer) {
        let index = timer.index
        guard index >= 0 else { return }
        timer.index = -1
        let last = entries.removeLast()
        guard last !== timer else { return }
        entries[index] = last
        last.index = index
        rise(index)
        sink(last.index)
    }

    private mutating func rise(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard entries[index].dueAt < entries[parent].dueAt else { return }
            exchange(index, parent)
            index = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count {
                if entries[child].dueAt < entries[least].dueAt { least = child }
            }
            if least == index { return }
            exchange(index, least)
            index = least
        }
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        entries.swapAt(a, b)
        entries[a].index = a
        entries[b].index = b
    }
}
