extension Duration {
    /// The duration in seconds.
    public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

extension ContinuousClock.Instant {
    /// The seconds that have passed since.
    public var secondsAgo: Double { duration(to: .now).seconds }
}
