import Telephony

/// Channels of calls told lately: what still comes of them is no new call. The oldest is forgotten for the newest.
///
/// A ring of ids, each of which knows the one that was put into the same bucket before it. Nothing is unlinked when an id is
/// forgotten: a chain only leads to older ones, so a link to a place that has been used again since is one that does not.
/// - Complexity: a step or two, whatever ids are chosen at most 4,096; nothing is allocated once the ring is full.
struct RecentIDs: Sendable {
    private static let capacity = 4096
    private struct Entry: Sendable {
        let id: UniqueID
        /// Number of the one before it in its bucket.
        let previous: UInt32
    }
    /// The id with number n is at n, modulo capacity.
    private var ring: [Entry] = []
    /// Number of the latest id in each bucket. Where there never was one it is 0, which is taken for that of an id long forgotten.
    private var latest: [UInt32] = []
    /// How many ids there were: the next one's number is one more, and begins anew from 0 some day.
    private var count: UInt32 = 0

    /// Whether it was among the last 4,096.
    func contains(_ id: UniqueID) -> Bool { !latest.isEmpty && contains(id, bucket(of: id)) }

    /// Adds one; one that is there already keeps its age.
    mutating func insert(_ id: UniqueID) {
        if latest.isEmpty { latest = Array(repeating: 0, count: 2 * RecentIDs.capacity) }
        let bucket = bucket(of: id)
        if contains(id, bucket) { return }
        let entry = Entry(id: id, previous: latest[bucket])
        if ring.count < RecentIDs.capacity { ring.append(entry) } else { ring[place(of: count)] = entry }
        count &+= 1
        latest[bucket] = count
    }

    private func contains(_ id: UniqueID, _ bucket: Int) -> Bool {
        var number = latest[bucket]
        var age = count &- number
        while age < ring.count {
            let entry = ring[place(of: number &- 1)]
            if entry.id == id { return true }
            number = entry.previous
            guard count &- number > age else { return false }
            age = count &- number
        }
        return false
    }
    /// Of ids made one after another side by side, so that what the calls of one moment ask for is still in the processor's cache.
    /// The second is added for ids that somebody chose, as `1795227460.1` and `1795227461.1`.
    private func bucket(of id: UniqueID) -> Int {
        let number =
            if let count = id.count, let created = id.created { count + Int(created.seconds) } else { id.hashValue }
        return number & (2 * RecentIDs.capacity - 1)
    }
    private func place(of number: UInt32) -> Int { Int(number) & (RecentIDs.capacity - 1) }
}
