/// Delivers the outcomes of all objects of a run, frame by frame in order.
protocol OutcomeSource: AnyObject {
    /// Called once before the first frame: tracks backwards where that is asked for.
    /// - Parameter progress: called after every frame.
    func prepare(progress: () -> Void) throws
    /// The outcomes in the next frame.
    func next() throws -> [ObjectID: ObjectOutcome]
}

extension Method {
    var outcomeSource: any OutcomeSource {
        options.reinitialization.variant == nil ? JointOutcomes(self) : DirectedOutcomes(self)
    }
}
