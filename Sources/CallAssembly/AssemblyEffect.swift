public import Telephony

/// What the fold wants the outside to know.
public enum AssemblyEffect: Sendable {
    /// The turns of a call that are told while it goes on: its first channel came; a dialled line other than Asterisk's
    /// own said ANSWER, for the first time; somebody asked for a blind or attended transfer, whether or not it
    /// succeeds.
    public enum Progress: String, Sendable { case started, answered, transferred }
    /// The call is over; told once for each call.
    case finished(FinishedCall)
    /// A call in progress came to a turn; the record is what is known so far.
    case progress(Progress, CallRecord)
    /// An event was refused; a list of the live channels should be asked for.
    case resyncWanted(reason: String, offset: Int64?)
}
