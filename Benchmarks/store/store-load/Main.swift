import ArgumentParser

/// Drives the store as a collector does, with connections that nobody made: for campaigns that kill it, fill its disk or
/// cut its power, and for measuring it. Not a product.
@main
struct StoreLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store-load", subcommands: [WriteCommand.self, MeasureCommand.self])
}
