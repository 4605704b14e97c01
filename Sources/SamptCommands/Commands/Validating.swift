import ArgumentParser
import SegmentationJobs

/// Checks arguments while they are parsed: what is wrong with them comes with the command's usage.
/// - Throws: `ValidationError` in place of `CommandError`.
@discardableResult
func validating<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as CommandError {
        throw ValidationError("\(error)")
    }
}
