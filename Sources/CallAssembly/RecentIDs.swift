import Telephony

/// Channels of calls told lately: what still comes of them is no new call. The oldest is forgotten for the newest.
struct RecentIDs: Sendable {
    private static let capacity = 4096
    private var ids: Set<UniqueID> = []
    /// A ring once it is full.
    private var order: [UniqueID] = []
    private var oldest = 0

    /// Whether it was among the last 4,096.
    func contains(_ id: UniqueID) -> Bool { ids.contains(id) }

    /// Adds one; one that is there already keeps its age.
    mutating func insert(_ id: UniqueID) {
        guard ids.insert(id).inserted else { return }
        if order.count < RecentIDs.capacity {
            order.append(id)
        } else {
            ids.remove(order[oldest])
            order[oldest] = id
            oldest = (oldest + 1) % RecentIDs.capacity
        }
    }
}
