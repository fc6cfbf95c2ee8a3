import Foundation

/// The parts of a Grafana dashboard that the tests look at.
struct Dashboard: Decodable, Sendable {
    let uid: String
    let title: String
    let description: String
    let editable: Bool
    let templating: Templating
    let panels: [Panel]

    struct Templating: Decodable, Sendable {
        let list: [Variable]
    }

    struct Variable: Decodable, Sendable {
        let name: String
        let type: String
        let datasource: Datasource?
        let definition: String?
        let refresh: Int?
        let multi: Bool?
        let includeAll: Bool?
        let allValue: String?
    }

    struct Datasource: Decodable, Sendable, Equatable {
        let type: String
        let uid: String

        /// What the viewer picked.
        static let variable = Self(type: "prometheus", uid: "${datasource}")
    }

    struct Panel: Decodable, Sendable {
        let id: Int
        let title: String
        let description: String
        let datasource: Datasource
        let gridPos: Place
        let fieldConfig: FieldConfig
        let targets: [Target]
    }

    struct Place: Decodable, Sendable {
        let x: Int
        let y: Int
        let w: Int
        let h: Int

        func overlaps(_ other: Self) -> Bool {
            x < other.x + other.w && other.x < x + w && y < other.y + other.h && other.y < y + h
        }
    }

    struct FieldConfig: Decodable, Sendable {
        let defaults: Defaults
    }

    struct Defaults: Decodable, Sendable {
        let unit: String
    }

    struct Target: Decodable, Sendable {
        let refId: String
        let datasource: Datasource
        let expr: String
        let legendFormat: String
    }

    /// Every query, with the panel it is of.
    var queries: [(panel: Panel, target: Target)] {
        panels.flatMap { panel in panel.targets.map { (panel, $0) } }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "dashboards")

    /// The files in `dashboards/`; empty if the folder cannot be read, which a test refuses.
    static let files =
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
        .filter { $0.hasSuffix(".json") }.sorted() ?? []

    static func read(_ file: String) throws -> Self {
        try JSONDecoder().decode(Self.self, from: Data(contentsOf: folder.appending(path: file)))
    }
}
