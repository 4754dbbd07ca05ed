import Telephony

/// What a field is read from.
struct FieldContext {
    let event: WebhookEvent
    let record: CallRecord?
    /// The record as JSON where it has been written already.
    let recordJSON: [UInt8]?
    let format: ValueFormat

    init(_ event: WebhookEvent, recordJSON: [UInt8]? = nil, format: ValueFormat) {
        (self.event, record, self.recordJSON, self.format) = (event, event.record, recordJSON, format)
    }
}
