import Foundation

/// An error whose description is a sentence for people: which input, what is wrong, what to do. It is what `localizedDescription` says,
/// too.
public protocol DescribedError: LocalizedError, CustomStringConvertible {}

extension DescribedError {
    public var errorDescription: String? { description }
}
