import Foundation

/// Clusters of points that lie close together (DBSCAN; Ester, Kriegel, Sander and Xu, 1996).
enum DensityClusters {
    static let noise = -1

    private struct Cell: Hashable {
        var column: Int
        var row: Int
    }

    /// - Parameters:
    ///   - reach: how far neighbours may lie apart, this distance included. Above 0.
    ///   - minimum: a point with so many neighbours, itself included, is the core of a cluster.
    /// - Returns: the number of each point's cluster, from 0 on in the order of the clusters' first cores; `noise` for points that belong
    ///   to none. A point between clusters that is no core belongs to the first of them.
    static func labels(of points: [SIMD2<Float>], reach: Float, minimum: Int) -> [Int] {
        guard !points.isEmpty, reach > 0 else { return points.map { _ in noise } }
        // Points that share a cell are neighbours: its diagonal is the reach.
        let side = reach / Float(2).squareRoot()
        var cells: [Cell: [Int]] = [:]
        let places = points.map { Cell(column: Int(($0.x / side).rounded(.down)), row: Int(($0.y / side).rounded(.down))) }
        for (index, place) in places.enumerated() { cells[place, default: []].append(index) }
        let around = (-2...2).flatMap { row in (-2...2).map { Cell(column: $0, row: row) } }
        func near(_ a: Int, _ b: Int) -> Bool {
            let gap = points[a] - points[b]
            return (gap * gap).sum() <= reach * reach
        }
        func cell(_ place: Cell, _ offset: Cell) -> [Int]? {
            cells[Cell(column: place.column + offset.column, row: place.row + offset.row)]
        }

        var isCore = points.map { _ in false }
        for (place, members) in cells {
            for index in members {
                var count = members.count
                if count < minimum {
                    count = 0
                    for offset in around where count < minimum {
                        for other in cell(place, offset) ?? [] where near(index, other) { count += 1 }
                    }
                }
                isCore[index] = count >= minimum
            }
        }
        let cores = cells.mapValues { $0.filter { isCore[$0] } }.filter { !$0.value.isEmpty }
        var labels = points.map { _ in noise }
        var numbers: [Cell: Int] = [:]
        var count = 0
        for index in points.indices where isCore[index] && numbers[places[index]] == nil {
            var open = [places[index]]
            numbers[places[index]] = count
            while let place = open.popLast() {
                for offset in around {
                    let other = Cell(column: place.column + offset.column, row: place.row + offset.row)
                    guard numbers[other] == nil, let theirs = cores[other], let own = cores[place] else { continue }
                    if own.contains(where: { a in theirs.contains { near(a, $0) } }) {
                        numbers[other] = count
                        open.append(other)
                    }
                }
            }
            count += 1
        }
        for index in points.indices {
            if isCore[index] {
                labels[index] = numbers[places[index]] ?? noise
                continue
            }
            var first: Int?
            for offset in around {
                let other = Cell(column: places[index].column + offset.column, row: places[index].row + offset.row)
                guard let number = numbers[other], number < first ?? .max, let theirs = cores[other] else { continue }
                if theirs.contains(where: { near(index, $0) }) { first = number }
            }
            labels[index] = first ?? noise
        }
        return labels
    }
}
