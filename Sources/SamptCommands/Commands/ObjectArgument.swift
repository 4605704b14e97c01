import ArgumentParser
import SegmentationJobs

/// A value that belongs to one object: "2:320,240" is for object 2, "320,240" for none in particular.
struct ObjectArgument<Value: PromptValue>: ExpressibleByArgument, Sendable, Equatable {
    var object: Int?
    var value: Value

    init(object: Int? = nil, _ value: Value) { (self.object, self.value) = (object, value) }

    init?(argument: String) {
        if let colon = argument.firstIndex(of: ":"), let object = Int(argument[..<colon]) {
            guard let value = Value(prompt: argument[argument.index(after: colon)...]) else { return nil }
            self.init(object: object, value)
        } else {
            guard let value = Value(prompt: argument[...]) else { return nil }
            self.init(value)
        }
    }

    static var defaultValueDescription: String { "none" }
}
