public import Telephony

/// What the fold wants the outside to know.
public enum AssemblyEffect: Sendable {
    public enum Progress: String, Sendable { case started, answered, transferred }
    /// The call is over; told once for each call.
    case finished(FinishedCall)
    /// A call in progress came to a turn; the record is what is known so far.
    case progress(Progress, CallRecord)
    /// An event was refused; a list of the live channels should be asked for.
    case resyncWanted(reason: String, offset: Int64?)
}
