"""What is sold, in words: categories with their things, qualities and uses, from which products are combined."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """`prices`: lowest and highest list price in whole US dollars. Things and qualities are (name, sentence)."""

    name: str
    prices: tuple[int, int]
    things: tuple[tuple[str, str], ...]
    qualities: tuple[tuple[str, str], ...]
    uses: tuple[str, ...]


RANGES = (
    "Alta", "Boreal", "Cirrus", "Delta", "Ember", "Fjord", "Gale", "Haven", "Indigo", "Juno", "Kite", "Luna",
    "Mistral", "Nova", "Onyx", "Pico", "Quill", "Ridge", "Sierra", "Tundra", "Umbra", "Vega", "Willow", "Zephyr",
)  # fmt: skip
"""Names of product lines."""

CATEGORIES: tuple[Category, ...] = (
    Category(
        "Shoes",
        (45, 190),
        (
            ("running shoe", "A light shoe for daily training on roads and park paths."),
            ("trail shoe", "A shoe with deep lugs that keeps its grip on mud and wet rock."),
            ("hiking boot", "An ankle-high boot that carries you and a full pack over rough ground."),
            ("sneaker", "An everyday trainer that goes with jeans as well as with a suit."),
            ("sandal", "An open shoe with a soft footbed for warm days at the beach."),
            ("climbing shoe", "A tight, stiff shoe that stands on the smallest edges of a wall."),
            ("winter boot", "A lined boot that keeps toes warm when the pavement is frozen."),
        ),
        (
            ("waterproof", "A membrane keeps rain and slush outside while your feet can breathe."),
            ("cushioned", "Thick foam swallows the shock of every step and spares your knees."),
            ("lightweight", "You will hardly notice its weight, not even on the last kilometre."),
            ("vegan", "Made without leather or any other part of an animal."),
            ("wide-fit", "Cut generously for broad feet and high insteps."),
            ("recycled", "Its upper is knitted from old plastic bottles."),
        ),
        (
            "Runners choose it for their first marathon.",
            "Good for long shifts on hard floors.",
            "Try half a size larger if you wear thick socks.",
            "The sole can be replaced by any cobbler.",
        ),
    ),
    Category(
        "Kitchen",
        (12, 420),
        (
            ("espresso machine", "Brews strong coffee with a dense crema at the push of a button."),
            ("chef's knife", "A blade for chopping herbs, slicing meat and dicing onions."),
            ("cast-iron pan", "Holds the heat for a crisp sear and goes from stove to oven."),
            ("blender", "Turns fruit, ice and spinach into a smooth drink within seconds."),
            ("stock pot", "Large enough for soup, stew or pasta for ten guests."),
            ("electric kettle", "Boils a litre of water for tea in under three minutes."),
            ("bread maker", "Kneads, proves and bakes a loaf while you sleep."),
            ("pour-over set", "Filter, dripper and glass jug for a mild cup of coffee by hand."),
        ),
        (
            ("stainless", "The brushed steel neither rusts nor keeps smells."),
            ("compact", "Small enough for a studio flat or an office corner."),
            ("professional", "Built for restaurants that use it a hundred times a day."),
            ("quiet", "Runs so softly that nobody in the house wakes up."),
            ("non-stick", "Nothing burns on, and a wipe makes it clean."),
            ("dishwasher-safe", "All parts can go into the dishwasher."),
        ),
        (
            "A favourite gift for people who move into their first home.",
            "Comes with a booklet of thirty recipes.",
            "Baristas at home love its steady temperature.",
            "Two years of warranty on the motor and the heating element.",
        ),
    ),
    Category(
        "Outdoor",
        (15, 560),
        (
            ("tent", "A shelter for two people that stands within five minutes."),
            ("sleeping bag", "Keeps you warm on nights down to minus ten degrees."),
            ("backpack", "Forty-five litres with a frame that moves the load to your hips."),
            ("camping stove", "Boils water for noodles on a windy pass."),
            ("headlamp", "Lights the path for thirty hours on one charge."),
            ("hammock", "Hangs between two trees and weighs less than a book."),
            ("water filter", "Makes stream water safe to drink by stopping bacteria."),
            ("trekking poles", "Take the strain off your knees on long descents."),
        ),
        (
            ("ultralight", "Every gram was counted, so that you can walk further."),
            ("storm-proof", "Withstands heavy wind and a whole night of rain."),
            ("foldable", "Packs down to the size of a bottle."),
            ("four-season", "Made for summer heat as well as for snow."),
            ("family", "Big enough for parents, two children and a dog."),
            ("rugged", "Survives drops, sand and rough baggage handling."),
        ),
        (
            "Tested on the long-distance paths of the Alps and the Pyrenees.",
            "Seams and zips can be mended with the patch set included.",
            "For weekends in the woods without a roof.",
            "Choose it if you bivouac above the tree line.",
        ),
    ),
    Category(
        "Electronics",
        (19, 1450),
        (
            ("headphones", "Closed headphones with deep bass and a clear voice."),
            ("laptop", "A fourteen-inch notebook for code, spreadsheets and films."),
            ("smart watch", "Counts steps, measures your pulse and shows messages."),
            ("wireless speaker", "Fills a garden with music from your phone."),
            ("tablet", "A bright screen for reading, drawing and video calls."),
            ("power bank", "Charges a phone four times far from any socket."),
            ("mechanical keyboard", "Clear, tactile keys for people who type all day."),
            ("webcam", "Sharp pictures for meetings, even in a dim room."),
        ),
        (
            ("noise-cancelling", "Microphones take out the hum of trains and open offices."),
            ("waterproof", "Survives rain and a fall into the pool."),
            ("refurbished", "Checked, cleaned and fitted with a new battery."),
            ("long-life", "One charge lasts through a week of use."),
            ("pocket-size", "Goes with you wherever you travel."),
            ("ergonomic", "Shaped to prevent sore wrists and a stiff neck."),
        ),
        (
            "Pairs with two devices at the same time.",
            "Commuters and frequent flyers rate it highly.",
            "Updates are promised for five years.",
            "Charges over USB-C; the cable is in the box.",
        ),
    ),
    Category(
        "Furniture",
        (60, 1300),
        (
            ("desk", "A table that rises at a touch so that you can work standing."),
            ("office chair", "Supports the lower back through a long day of sitting."),
            ("bookshelf", "Five boards for novels, plants and boxes."),
            ("sofa bed", "A couch by day, a bed for two guests by night."),
            ("dining table", "Seats six and can be drawn out for ten."),
            ("bedside table", "A drawer and a shelf for lamp, glasses and book."),
            ("wardrobe", "Two doors, one mirror and room for winter coats."),
        ),
        (
            ("oak", "Solid wood, oiled by hand, that grows more beautiful with the years."),
            ("adjustable", "Fits small and tall people alike."),
            ("minimalist", "Plain lines that suit any room."),
            ("flat-pack", "Arrives in one box and is put together without tools."),
            ("upholstered", "Covered with a soft fabric that can be washed."),
            ("industrial", "A steel frame and rough boards, like in an old workshop."),
        ),
        (
            "Well suited for a home office in a small bedroom.",
            "The wood comes from forests that are managed with care.",
            "Physiotherapists recommend it against back pain.",
            "Delivered up to the third floor.",
        ),
    ),
    Category(
        "Garden",
        (8, 640),
        (
            ("lawn mower", "Cuts grass on up to six hundred square metres."),
            ("raised bed", "A planter for tomatoes, lettuce and herbs at waist height."),
            ("pruning shears", "A clean cut through twigs and roses."),
            ("watering can", "Ten litres with a fine rose for seedlings."),
            ("greenhouse", "Glass walls that let cucumbers ripen a month earlier."),
            ("compost bin", "Turns peelings and leaves into rich soil."),
            ("garden hose", "Twenty-five metres that never kink."),
        ),
        (
            ("cordless", "The battery lasts for an hour of work without fumes."),
            ("frost-proof", "May stay outside in winter."),
            ("self-watering", "A reservoir keeps roots moist while you are on holiday."),
            ("galvanised", "Zinc on steel: it does not rust."),
            ("child-size", "Made for small hands that want to help."),
            ("solar", "Takes its power from the sun."),
        ),
        (
            "Bees and butterflies will thank you.",
            "Suits a balcony as well as an allotment.",
            "Grow your own vegetables from April on.",
            "Gardeners with bad knees are fond of it.",
        ),
    ),
    Category(
        "Books",
        (9, 75),
        (
            ("cookbook", "A hundred weekday dinners with five ingredients."),
            ("travel guide", "Walks, trains and quiet places that are in no brochure."),
            ("crime novel", "A detective, a harbour town and a body nobody misses."),
            ("data handbook", "How to model, load and query a warehouse, with exercises."),
            ("children's atlas", "Maps with animals, ships and the flags of all countries."),
            ("biography", "The life of an engineer who changed how cities are lit."),
            ("gardening almanac", "What to sow, prune and harvest, month by month."),
        ),
        (
            ("illustrated", "With more than two hundred drawings."),
            ("pocket", "Small enough for a coat."),
            ("revised", "The new edition corrects and extends the old one."),
            ("hardcover", "Bound in cloth with a ribbon."),
            ("bestselling", "Read by half a million people."),
            ("annotated", "Notes explain sources and names."),
        ),
        (
            "You will finish it in one weekend.",
            "Teachers use it in their classes.",
            "The first chapter can be read online.",
            "A present for curious people of any age.",
        ),
    ),
    Category(
        "Toys",
        (7, 210),
        (
            ("building blocks", "Wooden bricks for towers, bridges and whole towns."),
            ("board game", "A game of trade and luck for two to five players."),
            ("puzzle", "A thousand pieces that show a harbour at dawn."),
            ("toy train", "A locomotive with three wagons and a bell."),
            ("robot kit", "Children assemble and program their own walking robot."),
            ("plush bear", "A cuddly friend for bedtime."),
            ("science set", "Twenty experiments with magnets, water and light."),
        ),
        (
            ("wooden", "Beech with colours that are safe to chew on."),
            ("educational", "Teaches counting and logic without anybody noticing."),
            ("cooperative", "All players win or lose together."),
            ("travel-size", "Fits the seat pocket of a plane."),
            ("handmade", "Sewn and painted in a small workshop."),
            ("washable", "Survives porridge and puddles."),
        ),
        (
            "For children from four years on.",
            "Keeps a rainy afternoon short.",
            "Grandparents play along without reading the rules twice.",
            "Spare parts are sent free of charge.",
        ),
    ),
    Category(
        "Sports",
        (10, 980),
        (
            ("yoga mat", "A mat that does not slip, for stretching and balance."),
            ("road bike", "A fast frame with twenty-two gears for long rides."),
            ("dumbbell set", "Weights from two to twenty kilograms for strength at home."),
            ("tennis racket", "A forgiving head for beginners and returners."),
            ("swim goggles", "Clear sight under water, without fog."),
            ("rowing machine", "Trains legs, back and heart in the living room."),
            ("football", "A match ball that keeps its shape in the rain."),
            ("bike helmet", "Protects your head in traffic and lets the wind through."),
        ),
        (
            ("carbon", "Stiff and light thanks to woven carbon fibre."),
            ("beginner", "Makes the first weeks easy."),
            ("folding", "Disappears under a bed after the workout."),
            ("competition", "Approved for leagues and races."),
            ("anti-slip", "A rubber surface gives hold to sweaty hands."),
            ("women's", "Cut and sized for women."),
        ),
        (
            "Burns calories without strain on the joints.",
            "Clubs order it by the dozen.",
            "Use it three times a week and feel the difference.",
            "Cyclists on their way to work rely on it.",
        ),
    ),
    Category(
        "Beauty",
        (5, 95),
        (
            ("face cream", "Moisture for dry skin, day and night."),
            ("shampoo", "Cleans hair gently and smells of rosemary."),
            ("sunscreen", "Factor fifty against sunburn, without a white film."),
            ("beard oil", "Softens the beard and soothes the skin under it."),
            ("hand soap", "Olive-oil soap that does not dry the skin."),
            ("lip balm", "Beeswax against chapped lips in cold wind."),
            ("hair dryer", "Dries long hair within minutes without scorching it."),
        ),
        (
            ("fragrance-free", "Without perfume, for people with allergies."),
            ("organic", "Plants from farms without pesticides."),
            ("refillable", "The glass bottle can be filled again in the shop."),
            ("sensitive", "Tested by dermatologists on delicate skin."),
            ("travel", "A size that may be carried on board."),
            ("intensive", "A rich formula for the winter months."),
        ),
        (
            "Not tested on animals.",
            "A little goes a long way.",
            "Swimmers use it after every hour in chlorine.",
            "Good for the whole family, babies included.",
        ),
    ),
    Category(
        "Groceries",
        (3, 48),
        (
            ("coffee beans", "Arabica from a cooperative in the highlands, roasted slowly."),
            ("olive oil", "Cold-pressed from early olives, peppery and green."),
            ("dark chocolate", "Seventy per cent cocoa with a note of cherries."),
            ("green tea", "Steamed leaves from the first harvest of spring."),
            ("granola", "Oats, nuts and honey, baked until they crunch."),
            ("pasta", "Durum wheat, dried for two days, rough enough to hold sauce."),
            ("chili sauce", "Fermented peppers with more taste than pain."),
        ),
        (
            ("fair-trade", "Growers get a price that they can live on."),
            ("gluten-free", "Safe for people with coeliac disease."),
            ("single-origin", "From one estate, with the name of the farmer on the bag."),
            ("unsweetened", "No sugar was added."),
            ("bulk", "A large bag for offices and big households."),
            ("small-batch", "Made by hand in numbered lots."),
        ),
        (
            "Keeps for a year in a cool, dark place.",
            "Breakfast will never be the same.",
            "Goes well with cheese and a glass of wine.",
            "Wakes you up on Monday mornings.",
        ),
    ),
    Category(
        "Pets",
        (6, 320),
        (
            ("dog bed", "A soft mattress on which old joints can rest."),
            ("cat tree", "Three floors for climbing, scratching and sleeping."),
            ("dog leash", "Two metres of rope with a hook that never opens by itself."),
            ("aquarium", "Sixty litres with pump, lamp and heater for tropical fish."),
            ("bird feeder", "Seeds for robins and finches, out of reach of squirrels."),
            ("pet carrier", "Takes cats and small dogs to the vet without stress."),
            ("automatic feeder", "Gives the right portion on time while you are at work."),
        ),
        (
            ("orthopaedic", "Memory foam for animals with sore hips."),
            ("chew-proof", "Teeth leave no trace on the tough weave."),
            ("reflective", "Seen by drivers from far away at night."),
            ("washable", "The cover comes off and goes into the machine."),
            ("app-controlled", "Watch and talk to your animal from the phone."),
            ("extra-large", "Made for big breeds."),
        ),
        (
            "Vets advise it for puppies and seniors.",
            "Comes in four colours.",
            "Keeps the sofa free of hair.",
            "Tried by the dogs of our own office.",
        ),
    ),
)
