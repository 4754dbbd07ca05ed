import Delivery
import Storage
import Telephony

/// The outbox as a table or as JSON Lines.
enum DeliveriesTable {
    /// What a state is shown in: delivered is green, dead is red, what is still to be sent yellow.
    static func colour(of state: DeliveryState) -> Console.Colour {
        switch state {
        case .delivered: .green
        case .dead: .red
        case .ready, .waiting: .yellow
        }
    }

    /// The headings, then a row for each message in the order given; NEXT is when it is due, empty for one that is
    /// settled.
    static func lines(_ deliveries: [Delivery], for console: Console) -> [String] {
        var table = Table([
            .init("ROW", .right), .init("MADE"), .init("ENDPOINT", least: 8), .init("EVENT"), .init("STATE"),
            .init("TRIES", .right), .init("LAST", least: 6), .init("NEXT"), .init("CALL", least: 14),
        ])
        for delivery in deliveries {
            let isOpen = delivery.state == .ready || delivery.state == .waiting
            table.rows.append([
                .init("\(delivery.id)"), .init(console.zone.shortDateAndTime(delivery.createdAt)),
                .init(delivery.endpoint), .init(delivery.event),
                .init(delivery.state.rawValue, colour(of: delivery.state)), .init("\(delivery.attemptCount)"),
                .init(lastAnswer(of: delivery)),
                .init(isOpen ? delivery.dueAt.map { console.zone.shortDateAndTime($0) } ?? "" : ""),
                .init(delivery.callID, .dim),
            ])
        }
        return table.lines(for: console)
    }

    /// The status that the last attempt was answered with, or why there was no whole answer: a 200 that broke off delivered nothing.
    private static func lastAnswer(of delivery: Delivery) -> String {
        let status = delivery.lastStatus.map(String.init)
        if let error = delivery.lastError, TransportFailure(rawValue: error) != nil { return error }
        return status ?? delivery.lastError ?? ""
    }

    /// One line for `tail`.
    static func summary(_ delivery: Delivery, for console: Console) -> String {
        let answer = lastAnswer(of: delivery)
        return [
            console.zone.shortDateAndTime(delivery.settledAt ?? delivery.createdAt),
            "\(delivery.event) → \(delivery.endpoint)",
            console.paint(colour(of: delivery.state), delivery.state.rawValue), answer,
            delivery.attemptCount > 1 ? "attempt \(delivery.attemptCount)" : "", delivery.callID,
        ].filter { !$0.isEmpty }.joined(separator: "  ")
    }

    /// One JSON object without a line end.
    static func json(_ delivery: Delivery, withAttempts: Bool = false) -> [UInt8] {
        var w = JSONWriter(reserving: 320)
        w.beginObject()
        w.member("row", delivery.id)
        w.member("id", delivery.messageID)
        w.member("endpoint", delivery.endpoint)
        w.member("call", delivery.callID)
        w.member("type", delivery.event)
        w.member("sequence", delivery.sequence)
        w.member("state", delivery.state.rawValue)
        w.member("attempts", delivery.attemptCount)
        w.member("created_at", delivery.createdAt)
        w.member("due_at", delivery.dueAt)
        w.member("settled_at", delivery.settledAt)
        w.member("last_status", delivery.lastStatus)
        w.member("last_error", delivery.lastError)
        w.member("content_type", delivery.contentType)
        w.member("bytes", delivery.size)
        if withAttempts {
            w.array("tries", delivery.attempts) { attempt, w in
                w.beginObject()
                w.member("at", attempt.at)
                w.member("milliseconds", attempt.duration.wholeMilliseconds)
                w.member("status", attempt.status)
                w.member("error", attempt.error)
                w.member("response", printable(String(decoding: attempt.response, as: UTF8.self)))
                w.endObject()
            }
        }
        w.endObject()
        return w.bytes
    }
}
