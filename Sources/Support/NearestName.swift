extension [String] {
    /// " Did you mean x?" where one of these names is near to `text` or the only one that goes on after it, otherwise nothing.
    package func guess(for text: String) -> String {
        // Nobody means a name by a text much longer than all of them, and comparing takes time.
        guard text.utf8.count <= 100, let nearest = self.min(by: { $0.editDistance(to: text) < $1.editDistance(to: text) }) else {
            return ""
        }
        if nearest.editDistance(to: text) <= Swift.max(2, nearest.count / 3) { return " Did you mean \(nearest)?" }
        let longer = filter { text.count >= 2 && $0.lowercased().hasPrefix(text.lowercased()) }
        return longer.count == 1 ? " Did you mean \(longer[0])?" : ""
    }
}

extension String {
    /// The least number of characters inserted, removed or replaced that make `other` of it (Levenshtein).
    package func editDistance(to other: String) -> Int {
        let target = Array(other.lowercased())
        var row = Array(0...target.count)
        for (i, a) in lowercased().enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in target.enumerated() {
                let replaced = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(replaced, diagonal + 1, row[j] + 1)
            }
        }
        return row[target.count]
    }
}
