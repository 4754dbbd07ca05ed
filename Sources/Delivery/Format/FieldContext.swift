import Telephony

/// What a field is read from.
struct FieldContext {
    /// What is told; the fields `event.` and `alert.` come from it.
    let event: WebhookEvent
    /// The event's call; nil for an alert, whose other fields are all null.
    let record: CallRecord?
    /// The record as JSON where it has been written already.
    let recordJSON: [UInt8]?
    /// Of the endpoint that is told: the same field reads differently for another.
    let format: ValueFormat

    /// - Parameter recordJSON: the record's JSON as it goes to the store; nil has it written when a field needs it.
    init(_ event: WebhookEvent, recordJSON: [UInt8]? = nil, format: ValueFormat) {
        (self.event, record, self.recordJSON, self.format) = (event, event.record, recordJSON, format)
    }
}
