"""Names, phone numbers, email addresses and currencies of the invented customers."""

from functools import cache
from random import Random
from unicodedata import normalize


class People:
    """The customers who speak a language. `forms` combine given names (g, h) and family names (f, s).

    `share` is the weight of the language in stores at home in another language. # is a digit in `phone`, which uses
    ranges that are reserved for fiction if the country has any. `names` are lists of given and of family names in turn,
    separated by slashes, most common first.
    """

    def __init__(self, share: int, currency: str, phone: str, forms: str, names: str) -> None:
        lists = [_words(part) for part in names.split(" / ")]
        self.share = share
        self.currency = currency
        self.phone = phone
        self.forms = forms.split("|")
        self.names = list(zip(lists[::2], lists[1::2], strict=True))


def _words(text: str) -> list[str]:
    return text.split(",")


# fmt: off
PEOPLE = {
    "id": People(22, "IDR", "+62812000#####",
        "{g} {f}|{g} {f}|{g} {f}|{g} {h} {f}|{g} {h} {f}|{g} {f} {s}|{g} {h}|Kak {g}|Pak {f}|{g}",
        "Siti,Dewi,Sri,Budi,Agus,Rina,Putri,Ayu,Dian,Eko,Indah,Rizky,Wahyu,Fitri,Andi,Yuni,Bayu,Ratna,Hendra,Nur,"
        "Lestari,Joko,Mega,Galih,Intan,Arif,Tri,Kadek,Wulan,Fajar,Made,Citra,Bambang,Nadia,Yoga,Melati,Rahmat,Sekar,"
        "Ilham,Ketut,Anisa,Surya,Gita,Reza,Kartika,Wayan,Teguh,Larasati,Bagus,Maya / Santoso,Wijaya,Lestari,Saputra,"
        "Hidayat,Susanto,Pratama,Nugroho,Setiawan,Kusuma,Wulandari,Rahayu,Siregar,Utami,Permana,Hakim,Simanjuntak,"
        "Gunawan,Handayani,Nasution,Suryadi,Maharani,Ramadhan,Hartono,Purnama,Wibowo,Anggraini,Halim,Situmorang,"
        "Tanjung,Firmansyah,Safitri,Kurniawan,Puspita,Mahendra,Ginting,Iskandar,Salim,Prasetyo,Tarigan"),
    "en": People(11, "USD", "+120#55501##", "{g} {f}|{g} {f}|{g} {f}|{g} {h} {f}|{g} {f}-{s}",
        "Emma,James,Olivia,Liam,Sophia,Noah,Ava,William,Grace,Henry,Chloe,Jack,Zoë,Samuel,Hannah,Daniel,Renée,Oscar,"
        "Amelia,Leo,Ruby,Theo,Isla,Ethan,Nora,Caleb,Maeve,Owen,Siobhán,Marcus,Ivy,Elijah,Beatrice,Aidan,Fiona,Jasper,"
        "Naomi,Declan,Priscilla,Quentin / Smith,Johnson,Brown,Williams,Jones,Taylor,Davies,Miller,Wilson,Walker,Clark,"
        "O'Brien,Murphy,Hall,Wright,Baker,Campbell,Carter,Mitchell,Brontë,Turner,Parker,Kelly,Bailey,Cooper,Reed,Ward,"
        "Bennett,Gray,Hughes,Foster,Ó Briain,Sullivan,Whitfield,Ashworth,Lockhart,Fairbanks,Abernathy,Holloway,"
        "Winterbourne"),
    "vi": People(7, "VND", "+8490000####", "{f} {g}",
        "Thị Hương,Văn Minh,Ngọc Ánh,Thị Lan,Đức Anh,Minh Châu,Thanh Hà,Quốc Bảo,Thùy Linh,Hoàng Nam,Thị Mai,Văn Hùng,"
        "Bích Ngọc,Tuấn Kiệt,Phương Thảo,Gia Huy,Khánh Vy,Xuân Trường,Thu Thủy,Hải Đăng,Kim Oanh,Công Phượng,Mỹ Duyên,"
        "Trọng Nghĩa,Tường Vi,Bảo Trâm,Hữu Phước,Diễm Quỳnh,Anh Thư,Nhật Tân / Nguyễn,Trần,Lê,Phạm,Hoàng,Huỳnh,Phan,Vũ,"
        "Võ,Đặng,Bùi,Đỗ,Hồ,Ngô,Dương,Lý,Đinh,Trương,Mai,Tạ"),
    "zh": People(7, "TWD", "+886900000###", "{f}{g}|{f}{g}|{f}{g[0]}{h[0]}",
        "小明,淑芬,志明,怡君,雅婷,俊傑,家豪,詩涵,冠宇,佳穎,美玲,建宏,子軒,欣怡,宗翰,梓涵,婉婷,承恩,思妤,柏翰,明,芳,偉,"
        "娜,静,磊,洋,艳,敏,霞,宇轩,浩然,梦琪,雨桐,若曦,天佑,晓东,文博,海燕,春梅 / 陳,王,林,張,李,黃,吳,劉,蔡,楊,许,鄭,"
        "謝,郭,洪,赵,周,徐,孙,马,朱,胡,高,何,罗,宋,梁,葉,歐陽,司馬"),
    "hi": People(6, "INR", "+9190000#####", "{g} {f}",
        "प्रिया,राहुल,अनिल,सुनीता,अमित,पूजा,विकास,नेहा,संजय,कविता,राजेश,अंजलि,मनोज,दीपिका,सुरेश,रेखा,अर्जुन,मीना,रोहित,लक्ष्मी,विजय,"
        "आरती,करण,गीता,हर्ष,इशिता,निखिल,शालिनी,तन्वी,यश / शर्मा,वर्मा,सिंह,गुप्ता,कुमार,पटेल,यादव,मिश्रा,जोशी,अग्रवाल,चौधरी,"
        "त्रिपाठी,पाण्डेय,राव,मेहता,कपूर,देसाई,नायर,चौहान,भट्ट"),
    "ja": People(5, "JPY", "+81900000####", "{f} {g}|{f} {g}|{f}{g}",
        "花子,太郎,陽菜,蓮,結衣,大翔,美咲,翔太,さくら,健一,葵,悠真,恵子,拓也,七海,直樹,ひなた,亮,由美子,颯太,あかり,"
        "浩二,真由美,樹,麻衣,大輔,千尋,誠,ユキ,ケンジ / 佐藤,鈴木,高橋,田中,伊藤,渡辺,山本,中村,小林,加藤,吉田,山田,"
        "佐々木,山口,松本,井上,木村,林,清水,斎藤,森,池田,橋本,石川,前田,藤田,後藤,岡田,長谷川,村上"),
    "es": People(6, "EUR", "+34600000###", "{g} {f} {s}|{g} {f}|{g} {h} {f}",
        "María,José,Carmen,Antonio,Lucía,Manuel,Sofía,Javier,Ana,Ángel,Begoña,Íñigo,Elena,Martín,Inés,Álvaro,Núria,"
        "Rubén,Belén,Andrés,Rocío,Sebastián,Ximena,Tomás,Mónica,Óscar,Paula,Raúl,Itziar,Nicolás / García,Rodríguez,"
        "González,Fernández,López,Martínez,Sánchez,Pérez,Gómez,Muñoz,Díaz,Núñez,Álvarez,Romero,Ibáñez,Gutiérrez,"
        "Vázquez,Castañeda,Peña,Ordóñez,Domínguez,Suárez,Cortés,Echeverría,Güell"),
    "pt": People(4, "BRL", "+5511900000###", "{g} {f}|{g} {f} {s}|{g} {h} {f}",
        "Maria,João,Ana,Pedro,Mariana,Lucas,Júlia,Rafael,Beatriz,Gabriel,Letícia,Antônio,Luíza,Mateus,Conceição,Thiago,"
        "Cecília,André,Débora,Vinícius,Joana,Tomé,Íris,Otávio,Assunção / Silva,Santos,Oliveira,Souza,Conceição,Pereira,"
        "Costa,Araújo,Almeida,Magalhães,Ribeiro,Gonçalves,Simões,Moraes,Falcão,Leitão,Assis,Brandão,Guimarães,Queirós"),
    "de": People(4, "EUR", "+4917604069###", "{g} {f}|{g} {f}|{g} {f}-{s}",
        "Anna,Jürgen,Lena,Björn,Käthe,Lukas,Mia,Jörg,Sabine,Stefan,Klara,Günther,Leonie,Felix,Bärbel,Matthias,Heike,"
        "Sören,Ute,Götz,Marlene,Tobias,Änne,Florian,Rüdiger / Müller,Schmidt,Schneider,Fischer,Weber,Meyer,Wagner,"
        "Schäfer,Becker,Groß,Köhler,Krüger,Böhm,Jäger,Weiß,Lange,Vogel,Kühn,Strauß,Österreicher,Hübner,Preuß,Löwe,"
        "Bräutigam,Zimmermann"),
    "fr": People(4, "EUR", "+33639980###", "{g} {f}|{g}-{h} {f}|{g} {f}",
        "Camille,Léa,Hugo,Chloé,Théo,Inès,François,Zoé,Hélène,Jérôme,Anaïs,Raphaël,Manon,Benoît,Élodie,Gaël,Noémie,"
        "Étienne,Maëlle,Loïc,Agnès,Cédric,Joëlle,Rémi,Océane / Martin,Bernard,Dubois,Lefèvre,Moreau,Laurent,Garçon,"
        "Fournier,Girard,Mercier,Bélanger,Hébert,Chevalier,Boucher,Gaillard,Lemaître,Noël,Rousseau,Béranger,d'Artois,"
        "Poirier,Sauvé,L'Hôpital,Crépin,Deschênes"),
    "pl": People(3, "PLN", "+48500000###", "{g} {f}",
        "Agnieszka,Katarzyna,Małgorzata,Zofia,Łucja,Elżbieta,Joanna,Bożena,Grażyna,Weronika,Jadwiga,Żaneta,Kinga,"
        "Świętosława / Nowak,Kowalska,Wiśniewska,Wójcik,Kamińska,Lewandowska,Zielińska,Szymańska,Dąbrowska,Kozłowska,"
        "Mazur,Źrebiec / Paweł,Łukasz,Michał,Krzysztof,Wojciech,Stanisław,Grzegorz,Józef,Bartłomiej,Zbigniew,Rafał,"
        "Sławomir,Przemysław,Jędrzej / Nowak,Kowalski,Wiśniewski,Wójcik,Kamiński,Lewandowski,Zieliński,Szymański,"
        "Woźniak,Dąbrowski,Brzęczyszczykiewicz,Gołąb"),
    "tr": People(3, "TRY", "+90500000####", "{g} {f}|{g} {f}|{g} {h} {f}",
        "Ayşe,Mehmet,Fatma,Mustafa,Zeynep,İbrahim,Elif,Ömer,Gül,Çağla,Işıl,Yiğit,Şebnem,Oğuz,Büşra,Emre,Ilgın,Ümit,"
        "Özge,Tuğba,Kıvanç,Seçil,Ece,Barış,Irmak / Yılmaz,Kaya,Demir,Şahin,Çelik,Yıldız,Öztürk,Aydın,Arslan,Doğan,"
        "Kılıç,Çetin,Koç,Kurt,Özkan,Şimşek,Güneş,Işık,Karagöz,İnce,Türkoğlu,Ağaoğlu,Uçar,Bulut,Erdoğdu"),
    "ru": People(3, "RUB", "+7900000####", "{g} {f}|{g} {f}|{f} {g}",
        "Ольга,Елена,Наталья,Анна,Татьяна,Мария,Екатерина,Светлана,Юлия,Ксения,Алёна,Людмила,Софья,Дарья,Зоя,Любовь / "
        "Иванова,Смирнова,Кузнецова,Попова,Васильева,Петрова,Соколова,Михайлова,Новикова,Фёдорова,Морозова,Волкова,"
        "Толстая / Александр,Сергей,Дмитрий,Андрей,Алексей,Михаил,Иван,Артём,Пётр,Юрий,Фёдор,Григорий,Илья,Семён,"
        "Николай,Лев / Иванов,Смирнов,Кузнецов,Попов,Васильев,Петров,Соколов,Михайлов,Новиков,Фёдоров,Морозов,Волков,"
        "Щербаков"),
    "ar": People(3, "AED", "+97150000####", "{g} {f}|{g} {f}|{g} {h} {f}",
        "محمد,فاطمة,أحمد,مريم,علي,نور,يوسف,سارة,خالد,ليلى,عمر,زينب,حسن,هدى,إبراهيم,ريم,طارق,أمل,ياسمين,سلمى,كريم,رانيا,"
        "عبد الله,دانة,مصطفى / الأحمد,العلي,حسن,الخطيب,النجار,المصري,الحداد,الشامي,السيد,منصور,العمري,القاسم,الزهراني,"
        "صالح,الحربي,عباس,الكعبي,البغدادي,درويش,المنصوري"),
    "ko": People(3, "KRW", "+82100000####", "{f}{g}|{f}{g[0]}{h[1]}|{f} {g}",
        "민준,서연,지우,서준,지민,하은,도윤,수아,예준,지훈,은지,현우,유진,영수,미경,성호,다은,준호,혜진,태윤,보라,상철,"
        "나래,동현,세영 / 김,이,박,최,정,강,조,윤,장,임,한,오,서,신,권,황,안,송,남궁,선우"),
    "th": People(3, "THB", "+6680000####", "{g} {f}|{g} {f}|คุณ{g}",
        "สมชาย,สุดา,ปิยะ,มาลี,อนันต์,กัญญา,ณัฐพล,พรทิพย์,วิชัย,สุภาพร,ธนากร,ศิริพร,กิตติ,รัตนา,ชลธิชา,ประเสริฐ,น้ำฝน,อาทิตย์,จันทร์เพ็ญ,บุญมี / "
        "ใจดี,ศรีสุข,แสงทอง,วงศ์สวัสดิ์,ทองดี,บุญเรือง,สุขสวัสดิ์,จันทร์แก้ว,พงษ์ไพบูลย์,รุ่งเรือง,มณีรัตน์,เจริญสุข,ชัยชนะ,สายทอง,อินทร์แก้ว,ศักดิ์สิทธิ์"),
    "uk": People(2, "UAH", "+38050000####", "{g} {f}",
        "Оксана,Андрій,Олена,Тарас,Ірина,Богдан,Соломія,Дмитро,Наталія,Юрій,Ганна,Остап,Євгенія,Микола,Леся,Ярослав,"
        "Зоряна / Шевченко,Коваленко,Бондаренко,Ткаченко,Кравченко,Олійник,Шевчук,Гнатюк,Мельник,Поліщук,Лисенко,"
        "Савченко,Руденко,Ґалаґан"),
    "el": People(2, "EUR", "+3069000000##", "{g} {f}",
        "Μαρία,Ελένη,Κατερίνα,Σοφία,Άννα,Ιωάννα,Δήμητρα,Χρυσούλα,Εύα,Αγγελική,Ζωή,Φωτεινή / Παπαδοπούλου,Οικονόμου,"
        "Παππά,Γεωργίου,Δημητρίου,Νικολάου,Αγγελοπούλου,Βασιλείου,Ιωάννου,Καραγιάννη,Μαυρίδου,Αλεξίου / Γιώργος,"
        "Δημήτρης,Κώστας,Νίκος,Γιάννης,Ανδρέας,Σπύρος,Θανάσης,Ηλίας,Οδυσσέας,Άρης,Στέλιος / Παπαδόπουλος,Οικονόμου,"
        "Παππάς,Γεωργίου,Δημητρίου,Νικολάου,Αγγελόπουλος,Βασιλείου,Μακρής,Καραγιάννης,Μαυρίδης,Αλεξίου"),
    "he": People(1, "ILS", "+97250000####", "{g} {f}",
        "נועה,דוד,שרה,יוסף,תמר,משה,מאיה,אורי,יעל,איתי,מיכל,נועם,רחל,עידו,שירה,אלון,ליאת,גיל / כהן,לוי,מזרחי,פרץ,ביטון,"
        "דהן,אברהם,פרידמן,שפירא,גולן,בן דוד,חדד,רוזנברג,אלמוג,שלום,קליין"),
    "sv": People(2, "SEK", "+468465004##", "{g} {f}",
        "Åsa,Björn,Linnéa,Göran,Märta,Östen,Ebba,Håkan,Agnes,Sören,Frøydis,Øyvind,Ingeborg,Åke,Saga,Þóra,Guðrún,"
        "Mikael / Andersson,Johansson,Lindström,Sjöberg,Åkesson,Nyström,Östlund,Björk,Hansen,Sørensen,Næss,Dahl,"
        "Håkansson,Lönnroth,Ægisdóttir"),
    "cs": People(2, "CZK", "+420600000###", "{g} {f}",
        "Tereza,Kateřina,Eliška,Zdeňka,Věra,Jiřina,Lucie,Markéta,Růžena,Anežka / Nováková,Svobodová,Dvořáková,Černá,"
        "Procházková,Kučerová,Veselá,Horáková,Šťastná,Říhová / Jiří,Tomáš,Ondřej,Matěj,Zdeněk,Vojtěch,Řehoř,Luděk,"
        "Štěpán,Kryštof / Novák,Svoboda,Dvořák,Černý,Procházka,Kučera,Veselý,Horák,Šťastný,Říha"),
    "fil": People(3, "PHP", "+6390000#####", "{g} {f}|{g} {h} {f}|Ma. {g} {f}",
        "Maria,Jose,Angelica,Mark,Kristine,John Paul,Rowena,Jericho,Liza,Niño,Princess,Ramon,Jasmine,Arnel,Cherry,"
        "Dindo,Luz,Bayani / Santos,Reyes,Cruz,Bautista,Ocampo,Garcia,Mendoza,dela Cruz,Villanueva,Macaraeg,Peñaflorida,"
        "Dimaculangan,Pangilinan,Tolentino"),
    "sw": People(2, "KES", "+25470000####", "{g} {f}",
        "Wanjiru,Otieno,Achieng,Kamau,Amina,Juma,Zawadi,Baraka,Neema,Mwangi,Chinedu,Ngozi,Adébáyọ̀,Olúwaṣeun,Thandiwe,"
        "Sipho,Akosua,Kofi / Odhiambo,Kariuki,Njoroge,Wambui,Mutua,Hassan,Okafor,Adéyẹmí,Dlamini,Nkosi,Mensah,Owusu,"
        "Ọláolúwa,Kiplagat,Chebet"),
    "ta": People(1, "INR", "+9190000#####", "{g} {f}",
        "கவிதா,முருகன்,செல்வி,கார்த்திக்,லட்சுமி,அருண்,மீனாட்சி,சரவணன்,தமிழ்,பிரியா / குமார்,ராஜன்,சுந்தரம்,கிருஷ்ணன்,பாண்டியன்,செல்வம்,"
        "நடராஜன்,வேலு"),
    "ka": People(1, "GEL", "+99550000####", "{g} {f}",
        "ნინო,გიორგი,მარიამ,დავითი,ანა,ლუკა,თამარი,ირაკლი,ქეთევანი,ლევანი / ბერიძე,კაპანაძე,გელაშვილი,მაისურაძე,ლომიძე,"
        "წიკლაური,ჯაფარიძე / Արմեն,Անահիտ,Տիգրան,Նարե / Սարգսյան,Գրիգորյան,Հակոբյան"),
}
"""By language. Each store has a main language; the other languages have their shares of its customers."""
# fmt: on

PRICES = {
    "IDR": (145_000, 500), "VND": (320_000, 1000), "JPY": (4_800, 10), "KRW": (42_000, 100), "TWD": (980, 1),
    "USD": (38, 0.01), "EUR": (34, 0.01), "INR": (1_250, 1), "BRL": (140, 0.01), "PLN": (130, 0.01), "TRY": (890, 0.01),
    "RUB": (2_900, 1), "AED": (150, 0.25), "THB": (890, 1), "UAH": (1_100, 0.01), "ILS": (140, 0.01),
    "SEK": (390, 1), "CZK": (780, 1), "PHP": (1_450, 0.25), "KES": (3_200, 1), "GEL": (95, 0.01),
}  # fmt: skip
"""By currency: the usual total of an order, and the unit to which totals are rounded."""

HANDLES = _words(
    "mochi,luna,kopi,sunny,river,tako,mango,indigo,nori,atlas,pepper,saffron,willow,biscuit,comet,olive,panda,echo,"
    "juniper,lotus,maple,nimbus,pixel,quill,robin,sesame,tofu,umbra,violet,yuzu,zephyr,basil,clover,dune,ember,fern"
)
"""The start of an email address if the name has no Latin letters."""

STORE_WORDS = _words(
    "Lumen,Mawar,Atlas,Juniper,Nori,Cendana,Saffron,Willow,Sora,Marigold,Kenanga,Alder,Papyrus,Cobalt,Teratai,Ember,"
    "Hibiscus,Meadow,Pelangi,Quartz,Rimba,Sakura,Tamarind,Verde,Zaitun,Aurora,Bintang,Clover,Delima,Fennel"
)
STORE_TRADES = _words(
    "Coffee,Ceramics,Batik,Books,Bakery,Skincare,Florist,Optics,Cycles,Tea House,Eyewear,Pharmacy,Kitchen,Outdoor,"
    "Audio,Sneakers,Toys,Jewellery,Pet Supply,Furniture"
)
AGENTS = _words("Dewi,Rizky,Ayu,Bayu,Sekar,Mateo,Linh,Zofia,Kenji,Amina,Tomás,Ólafur,Priya,陳怡君")
CHANNELS = _words("whatsapp,whatsapp,whatsapp,whatsapp,instagram,instagram,line,telegram,messenger,webchat")
CAMPAIGNS = _words(
    "ramadan,payday,12.12,back-to-school,abandoned-cart,loyalty-gold,new-menu,restock,birthday,flash-sale"
)
REASONS = _words(
    "Order cancelled,Sent to the wrong number,Customer asked for it,Handled by phone,Duplicate session,Link was shared,"
    "Out of stock,Chat resolved"
)

# Latin letters that do not decompose into a letter and an accent.
LETTERS = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ß": "ss", "ı": "i", "æ": "ae", "þ": "th", "ð": "d"})


def invent_person(random: Random, language: str) -> tuple[str, str | None, str | None]:
    """The name of a customer who speaks the language, with a phone number, an email address or both."""
    people = PEOPLE[language]
    given, family = people.names[0] if len(people.names) == 1 else random.choice(people.names)
    g, h = _two(random, given)
    f, s = _two(random, family)
    name = random.choice(people.forms).format(g=g, h=h, f=f, s=s)
    phone = email = None
    if random.random() < 0.8:
        phone = "".join([str(int(random.random() * 10)) if sign == "#" else sign for sign in people.phone])
    if phone is None or random.random() < 0.4:
        handle = ".".join(filter(None, map(_handle, name.split()))) or random.choice(HANDLES)
        email = f"{handle}{random.randrange(1, 9999)}@example.{random.choice(('com', 'com', 'org'))}"
    return name, phone, email


def _two(random: Random, words: list[str]) -> tuple[str, str]:
    """Two different words, of which the first is probably a common one."""
    first = int(len(words) * random.random() ** 1.4)
    return words[first], words[first - 1 - int((len(words) - 1) * random.random())]


@cache
def _handle(word: str) -> str:
    """The word in ASCII letters, or an empty string if it has none."""
    plain = normalize("NFKD", word.lower().translate(LETTERS)).encode("ascii", "ignore").decode()
    return "".join(filter(str.isalpha, plain))
